"""Calls each plugin's ``tick`` four times a second on one thread; no ``tick`` may wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from viewra.host.sync.background import Background
from viewra.host.sync.clock import SYSTEM, Clock

TICK_S = 0.25

log = logging.getLogger("viewra.host")


class Kept(Protocol):
    """An object with periodic work."""

    def tick(self) -> None:
        """Do what is due without waiting."""
        ...


class Ticker:
    """Calls ``tick`` of all objects until ``close``."""

    def __init__(self, kept: Callable[[], Iterable[Kept]], *, every_s: float = TICK_S, clock: Clock = SYSTEM) -> None:
        self._kept = kept
        self._every_s = every_s
        self._clock = clock
        self._closed = threading.Event()
        self._background = Background(clock=clock)
        self._background.start("ticker", self._run)

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._closed.set()
        self._background.close()

    def _run(self) -> None:
        while not self._clock.wait(self._closed, self._every_s):
            for one in self._kept():
                try:
                    one.tick()
                except Exception:  # a bug with one plugin must not stop the ticks of the others
                    log.exception("the tick of %r failed", one)
