"""Whose turn it is to change a plugin: one thread at a time, and one that ends the plugin interrupts its start."""

from __future__ import annotations

import threading

from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM, Clock


class Turn:
    """Held over a whole start, stop or reload. For any thread."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._changing = threading.Lock()
        self._lock = threading.Lock()
        self._cutting = 0  # how many threads wait that interrupt what is begun
        self._begun = Cancellation(clock=clock)

    def take(self, until: float | None = None, *, cutting: bool = False) -> bool:
        """Wait for the turn, until that time (the clock's seconds) at most; whether it was got.

        With ``cutting`` all that was begun in an earlier turn is interrupted, and all that begins while this one waits.
        """
        left = None if until is None else until - self._clock.now()
        if not cutting:
            return self._clock.acquire(self._changing, left)
        with self._lock:
            self._cutting += 1
            self._begun.close()
        try:
            return self._clock.acquire(self._changing, left)
        finally:
            with self._lock:
                self._cutting -= 1

    def give_back(self) -> None:
        """Let the next one have it."""
        self._changing.release()

    def begin(self) -> Cancellation:
        """Begin, in one's turn, what others may interrupt: what is returned is closed then, or is closed already."""
        with self._lock:
            self._begun = Cancellation(clock=self._clock)
            if self._cutting:
                self._begun.close()
            return self._begun
