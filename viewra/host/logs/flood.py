"""``Flood``: lets a plugin write so much to the host's log, and not more; its own log has all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PER_S = 20.0
"""Records a second that go to the host's log in the long run."""
BURST = 200.0
"""Records that do at once, after a quiet time."""
SAID_S = 10.0
"""Seconds between two notes of how many were left out."""


class Flood:
    """A token bucket of records. Thread-safe; ``now`` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tokens = BURST
        self._at = now()
        self._left_out = 0
        self._said_at = self._at - SAID_S

    def admit(self) -> tuple[bool, int]:
        """Whether one more record goes to the host's log; and, if it is time to say so, how many did not."""
        with self._lock:
            now = self._now()
            self._tokens = min(BURST, self._tokens + (now - self._at) * PER_S)
            self._at = now
            admitted = self._tokens >= 1
            if admitted:
                self._tokens -= 1
            else:
                self._left_out += 1
            said = 0
            if self._left_out and now - self._said_at >= SAID_S:
                said, self._left_out, self._said_at = self._left_out, 0, now
            return admitted, said
