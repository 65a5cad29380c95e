"""Tells how far a package on its way is: fetched from a catalog or an address, or uploaded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import attrs

EVERY_S = 0.25
"""Seconds between two reports of one package."""

Told = Callable[[int, int | None], None]
"""Told how many bytes have arrived, of how many in all (None: nobody has said)."""

log = logging.getLogger("viewra.host")


@attrs.frozen
class Arriving:
    """A package on its way: ``done`` of ``total`` bytes are here; ``total`` is None while nobody has said it.

    ``id`` is the plugin's, "" while it is not known. ``status`` is ``running`` until the package was used or refused.
    """

    id: str
    done: int
    total: int | None
    status: Literal["running", "completed", "failed"]


Watcher = Callable[[Arriving], None]


class Arrivals:
    """Reports packages on their way to watchers, on the threads that fetch them; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watchers: tuple[Watcher, ...] = ()

    def watch(self, watcher: Watcher) -> None:
        """Call this with every report; it must not wait."""
        self._watchers = (*self._watchers, watcher)

    @contextmanager
    def of(self, plugin_id: str) -> Iterator[Told]:
        """Report a package while it is fetched, checked and used; yields what is told of its bytes.

        Nothing is reported of a package of which no byte was fetched.
        """
        last: Arriving | None = None
        due = 0.0

        def told(done: int, total: int | None) -> None:
            nonlocal last, due
            first = last is None
            last = Arriving(plugin_id, done, total, "running")
            if first or done == total or self._clock() >= due:
                due = self._clock() + EVERY_S
                self._tell(last)

        try:
            yield told
        except BaseException:
            if last is not None:
                self._tell(attrs.evolve(last, status="failed"))
            raise
        if last is not None:
            self._tell(attrs.evolve(last, status="completed"))

    def _tell(self, report: Arriving) -> None:
        for watcher in self._watchers:
            try:
                watcher(report)
            except Exception:  # a watcher's failure is its own
                log.exception("a watcher of packages failed")


def untold(done: int, total: int | None) -> None:
    """Tell nobody."""
    del done, total
