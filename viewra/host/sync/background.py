"""Does the work of one object in the background, so that none is left when the object is closed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from viewra.host.sync.clock import SYSTEM, Clock, Work

LONGEST_S = 120.0
"""Upper bound of ``close`` in seconds; the deadlines of the work itself end long before."""

log = logging.getLogger("viewra.host")


class Background:
    """Starts work until ``close``. Thread-safe."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: set[Work] = set()
        self._closed = False

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Work | None:
        """Start ``work`` after a pause; returns None, without starting it, after ``close``."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._running.discard(started)

        with self._lock:
            if self._closed:
                return None
            self._running = {one for one in self._running if not one.over}  # drop what was cancelled
            started = self._clock.start(name, run, pause_s)
            self._running.add(started)
        return started

    def close(self, timeout_s: float = LONGEST_S) -> None:
        """Start no more, cancel what has not begun, and wait for the rest. May be called twice.

        Work that has not ended within ``timeout_s`` seconds is logged and abandoned.
        """
        with self._lock:
            self._closed = True
            left = list(self._running)
        for one in left:
            one.cancel()
        until = self._clock.now() + timeout_s
        for one in left:
            if not one.join(max(0.0, until - self._clock.now())):
                log.error("the work %s has not ended within %g s: it is abandoned", one.name, timeout_s)


def side_by_side(clock: Clock, name: str, works: Sequence[Callable[[], object]], timeout_s: float = LONGEST_S) -> None:
    """Do all ``works`` concurrently and wait for them; logs failures. A single one runs on the caller's thread."""
    if len(works) == 1:
        works[0]()
        return
    started = [clock.start(name, work) for work in works]
    until = clock.now() + timeout_s
    for one in started:
        if not one.join(max(0.0, until - clock.now())):
            log.error("the work %s has not ended within %g s: it is abandoned", name, timeout_s)
