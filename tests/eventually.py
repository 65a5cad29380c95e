"""Waits for another thread or process: polls a condition until a deadline. Tests wait in no other way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.02


def eventually(condition: Callable[[], object], what: str = "it did not come about", deadline_s: float = 60) -> None:
    """Wait until the condition holds; after ``deadline_s`` seconds, fail with ``what``."""
    until = time.monotonic() + deadline_s
    pause_s = FIRST_PAUSE_S
    while not condition():
        assert time.monotonic() < until, f"{what} within {deadline_s:g} s"
        threading.Event().wait(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
