"""What ``.ci/run`` asks for by ``VIEWRA_TEST_THOROUGH``: tests that take long, and of which shorter ones show most."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")

THOROUGH = bool(os.environ.get("VIEWRA_TEST_THOROUGH"))

thorough = pytest.mark.skipif(
    not THOROUGH, reason="takes long, others show most of it: VIEWRA_TEST_THOROUGH asks for it"
)


def some(values: Sequence[T], few: int = 1) -> Sequence[T]:
    """All values of a parameter where thorough tests are asked for, otherwise a few, from all over."""
    return values if THOROUGH else values[:: -(-len(values) // few)]
