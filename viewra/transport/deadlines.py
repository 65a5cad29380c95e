"""Deadlines for what has none of its own: calls in this process and on a shared stream, and waits of streams."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

_IDLE = 64
"""Entries of calls that are over which may stay in any case."""


class Deadlines:
    """Calls back for each call that is still in flight at its deadline. Its thread lives while there are such calls."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, Callable[[], None]]] = {}
        self._due: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, due: float, late: Callable[[], None]) -> int:
        """Call ``late`` at ``due`` (monotonic seconds), unless ``done`` gets this number first."""
        with self._changed:
            number = next(self._numbers)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                thread.start()  # may fail before anything is changed
                self._thread = thread
            self._watched[number] = (due, late)
            if len(self._due) > _IDLE + 2 * len(self._watched):  # else quick calls would stay until they are due
                self._due = [(at, one) for one, (at, _) in self._watched.items()]
                heapq.heapify(self._due)
            else:
                heapq.heappush(self._due, (due, number))
            if self._due[0][1] == number:
                self._changed.notify_all()
            return number

    def done(self, number: int) -> None:
        """The call with this number is over."""
        with self._changed:
            self._watched.pop(number, None)
            if not self._watched:
                self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._due and self._due[0][1] not in self._watched:
                    heapq.heappop(self._due)
                if not self._due:
                    self._thread = None
                    return
                due, number = self._due[0]
                if (left := due - time.monotonic()) > 0:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._due)
                _, late = self._watched.pop(number)
            try:
                late()
            except Exception:  # the other calls' deadlines must still be kept
                _log.exception("a call could not be ended at its deadline")
