"""The tasks that one object has begun: none is left when it is closed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from viewra.host.sync.clock import SYSTEM, Clock, Task

LONGEST_S = 120.0
"""Backstop of ``close``: what a task waits for has deadlines of its own, which end long before."""

log = logging.getLogger("viewra.host")


class Tasks:
    """Tasks that may begin until ``close``. For any thread."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: set[Task] = set()
        self._closed = False

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Task | None:
        """Begin ``work``, after a pause, in a task of its own; None when it is closed."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._running.discard(task)

        with self._lock:
            if self._closed:
                return None
            self._running = {one for one in self._running if not one.over}  # those that were cancelled
            task = self._clock.start(name, run, pause_s)
            self._running.add(task)
        return task

    def close(self, timeout_s: float = LONGEST_S) -> None:
        """Begin none any more, cancel those that have not begun, and wait for the others; closing twice is fine.

        One that has not ended after ``timeout_s`` seconds is named in the log and left behind.
        """
        with self._lock:
            self._closed = True
            tasks = list(self._running)
        for task in tasks:
            task.cancel()
        until = self._clock.now() + timeout_s
        for task in tasks:
            if not task.join(max(0.0, until - self._clock.now())):
                log.error("the task %s has not ended within %g s: it is left behind", task.name, timeout_s)


def side_by_side(clock: Clock, name: str, works: Sequence[Callable[[], object]], timeout_s: float = LONGEST_S) -> None:
    """Do all of this at the same time, and wait for it; failures are in the log. One alone is done by the caller."""
    if len(works) == 1:
        works[0]()
        return
    tasks = [clock.start(name, work) for work in works]
    until = clock.now() + timeout_s
    for task in tasks:
        if not task.join(max(0.0, until - clock.now())):
            log.error("the task %s has not ended within %g s: it is left behind", name, timeout_s)
