"""Keeps recent samples of the resources that a plugin's processes use; resources.py measures them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import attrs

from viewra.host.running.resources import History, Sampler
from viewra.host.running.status import ResourceSample

EVERY_S = 1.0
KEPT = 120


class Sampling(Protocol):
    """Measures one process."""

    def sample(self) -> ResourceSample | None:
        """Its present use; None if it has ended."""
        ...


@attrs.frozen
class _Measured:
    """One process."""

    sampler: Sampling
    history: History


class Usage:
    """The last samples of one plugin's processes, one a second. Only one thread may call ``tick``."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, sampler: Callable[[int], Sampling] = Sampler
    ) -> None:
        self._now = now
        self._sampler = sampler
        self._history = History(KEPT)
        self._measured: dict[int, _Measured] = {}
        self._due = 0.0

    @property
    def samples(self) -> tuple[ResourceSample, ...]:
        """Sums of all processes that run, or that ran last; oldest first."""
        return self._history.samples

    def of(self, pid: int) -> tuple[ResourceSample, ...]:
        """The samples of one running process, oldest first."""
        measured = self._measured.get(pid)
        return measured.history.samples if measured is not None else ()

    def tick(self, pids: Collection[int]) -> None:
        """Sample the processes if a sample is due."""
        now, known = self._now(), self._measured
        if known.keys() == set(pids) and now < self._due:
            return
        if not known.keys() & set(pids):
            self._history.clear()
        self._measured = {pid: known.get(pid) or _Measured(self._sampler(pid), History(KEPT)) for pid in pids}
        self._due = now + EVERY_S
        samples = []
        for measured in self._measured.values():
            if (sample := measured.sampler.sample()) is not None:
                measured.history.add(sample)
                samples.append(sample)
        if samples:
            self._history.add(total(samples))


def total(samples: Sequence[ResourceSample]) -> ResourceSample:
    """The sum of several processes' samples, with the time of the last one."""
    if len(samples) == 1:
        return samples[0]
    names = [field.name for field in attrs.fields(ResourceSample) if field.name != "at"]
    sums = {name: sum(getattr(sample, name) for sample in samples) for name in names}
    return ResourceSample(at=samples[-1].at, **sums)
