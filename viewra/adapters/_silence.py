"""Notices that a stream's other side sends nothing for too long: a wait for a message has no deadline of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from viewra.transport.deadlines import Deadlines


class Silence:
    """The waits of one stream, one at a time: calls ``broken`` when one lasts too long; ``over`` ends it.

    ``deadlines`` is asked rarely: while waits end in time, one entry there serves them all.
    """

    def __init__(self, deadlines: Deadlines, broken: Callable[[], None]) -> None:
        self._deadlines = deadlines
        self._broken = broken
        self._lock = threading.Lock()
        self._due: float | None = None  # of the wait that lasts, in monotonic seconds
        self._asked: tuple[float, int] | None = None  # when the entry is due, and its number
        self._over = False
        self.late = False
        """Whether a wait lasted too long."""

    def begin(self, timeout_s: float) -> None:
        """A wait begins. Raises RuntimeError if no thread can be started."""
        with self._lock:
            self._due = time.monotonic() + timeout_s
            if self._asked is None or self._asked[0] > self._due:
                self._ask(self._due)

    def end(self) -> None:
        """The wait has ended."""
        with self._lock:
            self._due = None

    def over(self) -> None:
        """There are no more waits."""
        with self._lock:
            self._over, self._due = True, None
            if self._asked is not None:
                self._deadlines.done(self._asked[1])
                self._asked = None

    def _ask(self, due: float) -> None:
        if self._asked is not None:
            self._deadlines.done(self._asked[1])
        self._asked = due, self._deadlines.watch(due, self._tick)

    def _tick(self) -> None:
        with self._lock:
            self._asked = None
            if self._over or self._due is None:
                return
            if self._due > time.monotonic():
                self._ask(self._due)
                return
            self.late = True
        self._broken()
