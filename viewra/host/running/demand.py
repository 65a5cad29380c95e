"""Decides how many processes a plugin with ``workers: "auto"`` should have, from the calls that it has in flight."""

from __future__ import annotations

import os
from collections.abc import Callable

BUSY_CALLS = 2
"""Calls in flight for each process of a busy plugin: it works on one, and the next is there already."""
GROW_S, SHRINK_S = 1.0, 30.0
"""Seconds for which a plugin is busy before it gets another process, or has one to spare before it loses one."""


def _load() -> float:
    return os.getloadavg()[0]


class Demand:
    """The ``target`` number of processes, from 1 to the number of cores. Not thread-safe.

    ``now`` is a clock in seconds, ``load`` the machine's load: a machine without an idle core gets no more processes.
    """

    def __init__(
        self, now: Callable[[], float], *, cores: int = os.cpu_count() or 1, load: Callable[[], float] = _load
    ) -> None:
        self.target = 1
        self._now = now
        self._cores = cores
        self._load = load
        self._busy_since: float | None = None
        self._spare_since: float | None = None

    def look(self, running: int, in_flight: int) -> int:
        """Note how many processes there are, and their calls; returns by how many ``target`` changed."""
        now = self._now()
        busy, spare = in_flight >= BUSY_CALLS * running, running > 1 and in_flight < running
        self._busy_since = (self._busy_since if self._busy_since is not None else now) if busy else None
        self._spare_since = (self._spare_since if self._spare_since is not None else now) if spare else None
        change = 0
        if running != self.target:  # one is being started or stopped
            self._busy_since = self._spare_since = None
        elif self._busy_since is not None and now - self._busy_since >= GROW_S:
            self._busy_since = None
            change = int(self.target < self._cores and self._load() < self._cores)
        elif self._spare_since is not None and now - self._spare_since >= SHRINK_S:
            self._spare_since = None
            change = -1
        self.target += change
        return change
