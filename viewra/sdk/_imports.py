"""Speeds up the imports of a plugin's process, for which its host waits.

Meanwhile garbage collection is off, which would take a fifth of the time, and modules are deferred that grpc, protobuf
and attrs import but a plugin rarely needs: asyncio alone takes as long to import as the rest of grpc.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from viewra.codec.protocol import COOKIE_KEY

_LATER = (
    "asyncio",
    "calendar",  # and locale, for a method of protobuf's timestamps
    "attr.validators",
    "attrs.validators",
    "google.protobuf.internal.python_message",  # only machines without protobuf's compiled code need it
    "grpc.aio",
    "grpc_health.v1._async",
)


@contextmanager
def quick() -> Iterator[None]:
    """Import quickly within the block. In a plugin's process the garbage collector never scans those modules again."""
    collecting = gc.isenabled()
    gc.disable()
    later = [_Later(name) for name in _LATER if name not in sys.modules]
    sys.modules.update({module.__name__: module for module in later})
    try:
        yield
        if COOKIE_KEY in os.environ:
            gc.freeze()
    finally:
        for module in later:
            module.step_aside()
        if collecting:
            gc.enable()


class _Later(ModuleType):
    """Replaces a module during the imports, and loads it when one of its attributes is used.

    Only modules that import it inside the block keep this object; every later import gets the real module.
    """

    def __getattr__(self, name: str) -> Any:
        self.step_aside()
        return getattr(importlib.import_module(self.__name__), name)

    def step_aside(self) -> None:
        """Make the next import of this name load the real module."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
