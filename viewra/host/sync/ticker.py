"""One thread that does for each plugin, four times a second, what is due. Nothing that it does waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from viewra.host.sync.clock import SYSTEM, Clock
from viewra.host.sync.tasks import Tasks

TICK_S = 0.25

log = logging.getLogger("viewra.host")


class Kept(Protocol):
    """What has something to do from time to time."""

    def tick(self) -> None:
        """Do what is due, at once."""
        ...


class Ticker:
    """Calls ``tick`` of all of them until ``close``."""

    def __init__(self, kept: Callable[[], Iterable[Kept]], *, every_s: float = TICK_S, clock: Clock = SYSTEM) -> None:
        self._kept = kept
        self._every_s = every_s
        self._clock = clock
        self._closed = threading.Event()
        self._tasks = Tasks(clock=clock)
        self._tasks.start("ticker", self._run)

    def close(self) -> None:
        """End the thread; closing twice is fine."""
        self._closed.set()
        self._tasks.close()

    def _run(self) -> None:
        while not self._clock.wait(self._closed, self._every_s):
            for one in self._kept():
                try:
                    one.tick()
                except Exception:  # a bug of ours with one plugin must not end the care for the others
                    log.exception("looking after %r failed", one)
