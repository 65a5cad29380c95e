"""A connection to one process of a plugin, and how many calls are in flight on it.

The supervisor makes it when a process is proven and closes it before that process is stopped; adapters only borrow it.
"""

from __future__ import annotations

import threading
import time

from viewra.transport.calls import Wire


class Connection:
    """The way to a process, whatever it is made of (``wire``). ``method`` gives the procedure at a path.

    A call is on it from ``enter`` to ``leave``: a process is stopped when the last call has left.
    """

    def __init__(self, wire: Wire) -> None:
        self.method = wire.method
        self._lock = threading.Lock()  # entered twice by each call: a condition's own would cost twice as much
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
        """How many calls are on it."""
        return self._in_flight

    @property
    def idle_s(self) -> float:
        """For how many seconds there has been no call; 0 while there is one."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._last_used

    def drained(self, timeout_s: float) -> bool:
        """Wait until no call is in flight, for ``timeout_s`` seconds at most or until ``hurry``; whether none is."""
        with self._left:
            self._awaited = True
            self._left.wait_for(lambda: self._hurried or not self._in_flight, timeout_s)
            return not self._in_flight

    def hurry(self) -> None:
        """End every wait in ``drained``, now and from now on."""
        with self._left:
            self._hurried = True
            self._left.notify_all()
