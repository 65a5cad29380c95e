"""Serializes changes of a plugin: one thread holds the turn, and a thread that stops the plugin cancels a start."""

from __future__ import annotations

import threading

from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM, Clock


class Turn:
    """A lock that is held during a whole start, stop or reload. Thread-safe."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._changing = threading.Lock()
        self._lock = threading.Lock()
        self._cutting = 0  # the number of waiting threads that interrupt
        self._begun = Cancellation(clock=clock)

    def take(self, until: float | None = None, *, cutting: bool = False) -> bool:
        """Acquire the turn by the time ``until`` (the clock's seconds, None: no limit); returns whether it was.

        With ``cutting`` it interrupts whatever the holder began, and whatever begins while this thread waits.
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
        """Release the turn."""
        self._changing.release()

    def begin(self) -> Cancellation:
        """Begin an interruptible operation while holding the turn; an interruption closes the returned Cancellation."""
        with self._lock:
            self._begun = Cancellation(clock=self._clock)
            if self._cutting:
                self._begun.close()
            return self._begun
