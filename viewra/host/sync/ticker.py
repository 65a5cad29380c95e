"""The host's own clock: one thread that from time to time does for each plugin what is due. Nothing it does waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

TICK_S = 0.25

log = logging.getLogger("viewra.host")


class Kept(Protocol):
    """What has something to do from time to time."""

    def tick(self) -> None:
        """Do what is due, at once."""
        ...


class Ticker:
    """Calls ``tick`` of all of them until ``close``."""

    def __init__(self, kept: Callable[[], Iterable[Kept]], *, every_s: float = TICK_S) -> None:
        self._kept = kept
        self._every_s = every_s
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; closing twice is fine."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            for one in self._kept():
                try:
                    one.tick()
                except Exception:  # a bug of ours with one plugin must not end the care for the others
                    log.exception("looking after %r failed", one)
