"""A connection to one process of a plugin, and the number of calls in flight on it.

The supervisor makes it when a process has proven to work, and closes it before that process is stopped; adapters only
borrow it.
"""

from __future__ import annotations

import threading
import time

from viewra.transport.calls import Wire


class Connection:
    """A connection to a process over any ``wire``. ``method`` returns the procedure at a path.

    A call is in flight from ``enter`` to ``leave``: a process is stopped after the last call has left.
    """

    def __init__(self, wire: Wire) -> None:
        self.method = wire.method
        self._lock = threading.Lock()  # each call takes it twice; a condition's own lock would cost twice as much
        self._left = threading.Condition(self._lock)
        self._awaited = False
        self._in_flight = 0
        self._hurried = False
        self._last_used = time.monotonic()

    def enter(self) -> Connection:
        """A call begins."""
        with self._lock:
            self._in_flight += 1
        return self

    def leave(self) -> None:
        """A call has ended."""
        with self._lock:
            self._in_flight -= 1
            self._last_used = time.monotonic()
            if self._awaited and not self._in_flight:
                self._left.notify_all()

    @property
    def in_flight(self) -> int:
        """The number of calls in flight."""
        return self._in_flight

    @property
    def idle_s(self) -> float:
        """Seconds since the last call; 0 while a call is in flight."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._last_used

    def drained(self, timeout_s: float) -> bool:
        """Wait until none is in flight, ``timeout_s`` seconds at most or until ``hurry``. Returns whether none is."""
        with self._left:
            self._awaited = True
            self._left.wait_for(lambda: self._hurried or not self._in_flight, timeout_s)
            return not self._in_flight

    def hurry(self) -> None:
        """End every wait in ``drained``, now and from now on."""
        with self._left:
            self._hurried = True
            self._left.notify_all()
