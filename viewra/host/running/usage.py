"""Keeps what a plugin's running process used lately; how it is measured is in resources.py."""

from __future__ import annotations

import time

from viewra.host.running.resources import History, Sampler
from viewra.host.running.status import ResourceSample

EVERY_S = 1.0
KEPT = 120


class Usage:
    """The last samples of one plugin's process, one a second. ``tick`` is for one thread, ``samples`` for any."""

    def __init__(self) -> None:
        self._history = History(KEPT)
        self._sampler: Sampler | None = None
        self._pid = 0
        self._due = 0.0

    @property
    def samples(self) -> tuple[ResourceSample, ...]:
        """Oldest first; of the process that runs, or that ran last."""
        return self._history.samples

    def tick(self, pid: int) -> None:
        """Take a sample of the process, if one is due."""
        now = time.monotonic()
        if pid == self._pid and now < self._due:
            return
        if self._sampler is None or pid != self._pid:
            self._history.clear()
            self._sampler, self._pid = Sampler(pid), pid
        self._due = now + EVERY_S
        sample = self._sampler.sample()
        if sample is not None:
            self._history.add(sample)
