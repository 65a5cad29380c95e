"""Imports without garbage collection, which is a fifth of the time that a plugin process needs to start."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Import within the block; in a plugin's process what was imported is never looked through again, either."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
        from viewra.codec.protocol import COOKIE_KEY  # one of the imports that are waited for

        if COOKIE_KEY in os.environ:
            gc.freeze()
    finally:
        if collecting:
            gc.enable()
