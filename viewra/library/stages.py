"""Measures how long each stage of a scan takes, always: a change of stage costs a microsecond."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from viewra.types import ScanStage

START, WALK, HAND_OVER, WAIT = "start of plugins", "walk", "handing files over", "waiting for plugins"
STORE, INDEX, CATALOGUE, NOTIFY, FINISH = "storing", "search index", "catalogue", "notifications", "finish"
READ = "reading"


class Stages:
    """The stages of one scan's thread, from now on: it is in one at a time, at first in ``first``."""

    def __init__(self, first: str) -> None:
        self._stage = first
        self._since = (time.monotonic(), time.thread_time())
        self._took: dict[str, tuple[float, float]] = {}

    def enter(self, stage: str) -> str:
        """Be in this stage from now on; returns the one before it."""
        before, began = self._stage, self._since
        self._stage, self._since = stage, (time.monotonic(), time.thread_time())
        took_s, cpu_s = self._took.get(before, (0.0, 0.0))
        self._took[before] = (took_s + self._since[0] - began[0], cpu_s + self._since[1] - began[1])
        return before

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        """Be in this stage for the block, and in the present one after it."""
        before = self.enter(stage)
        try:
            yield
        finally:
            self.enter(before)

    def taken(self, walked: int) -> list[ScanStage]:
        """Return what each stage took so far; the walk found ``walked`` files."""
        self.enter(self._stage)
        return [
            ScanStage(stage, took_s, cpu_s, files=walked if stage == WALK else None)
            for stage, (took_s, cpu_s) in self._took.items()
        ]


class Busy:
    """How long something is busy with tasks that overlap: from the begin of a first one until none is left."""

    def __init__(self) -> None:
        self.took_s = 0.0
        self._tasks = 0
        self._since = 0.0

    def begin(self) -> None:
        """Begin a task."""
        if not self._tasks:
            self._since = time.monotonic()
        self._tasks += 1

    def end(self, at: float) -> None:
        """End a task that was over at this time of the monotonic clock."""
        self._tasks -= 1
        if not self._tasks:
            self.took_s += max(0.0, at - self._since)
