"""Whose turn it is to change a plugin: one at a time, and whoever comes to end it waits for no start that hangs."""

from __future__ import annotations

import threading
import time

from viewra.host.sync.cancellation import Cancellation


class Turn:
    """Held over a whole start, stop or reload. For any thread."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._lock = threading.Lock()
        self._cutting = 0  # how many wait that cut short what is begun
        self._begun = Cancellation()

    def take(self, until: float | None = None, *, cutting: bool = False) -> bool:
        """Wait for the turn, until that time (monotonic seconds) at most; whether it was got.

        What was begun in an earlier turn is cut short if this one is ``cutting``, and all that begins while it waits.
        """
        left = -1.0 if until is None else max(0.0, until - time.monotonic())
        if not cutting:
            return self._changing.acquire(timeout=left)
        with self._lock:
            self._cutting += 1
            self._begun.close()
        try:
            return self._changing.acquire(timeout=left)
        finally:
            with self._lock:
                self._cutting -= 1

    def give_back(self) -> None:
        """Let the next one have it."""
        self._changing.release()

    def begin(self) -> Cancellation:
        """Begin, in one's turn, what others may cut short; gives what is closed then, or is closed already."""
        with self._lock:
            self._begun = Cancellation()
            if self._cutting:
                self._begun.close()
            return self._begun
