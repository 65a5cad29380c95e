"""A library with fake scrapers, and its upkeep with fake notices, on a fake clock."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.host.running.fake_clock import FakeClock
from tests.unit.library.conftest import FakeHook, World
from viewra.errors import LockedError
from viewra.host.background_scan import Phase, ScanState
from viewra.host.upkeep.tended import Points
from viewra.host.upkeep.upkeep import Upkeep
from viewra.host.upkeep.watches import Listener
from viewra.library.keeping import load
from viewra.library.scan_plan import Entering
from viewra.library.scope import Part
from viewra.types import ScanCause, ScanReport


class FakeWatching:
    """Tells what is said to have happened of the folders that scans have had watched."""

    def __init__(self) -> None:
        self.folders: dict[bytes, Listener] = {}
        self.most = math.inf
        self.is_closed = False

    def arm(self, folder: bytes, listener: Listener) -> str | None:
        if len(self.folders) >= self.most and folder not in self.folders:
            return "no watches are left"
        self.folders[folder] = listener
        return None

    def drop(self, top: bytes) -> None:
        for folder in [*self.folders]:
            if folder == top or folder.startswith(top + b"/"):
                del self.folders[folder]

    def holds(self, folder: bytes) -> bool:
        return folder in self.folders

    def close(self) -> None:
        self.is_closed = True

    def tell(self, path: Path, mask: int) -> None:
        """Something happened to this file or folder, if the folder it is in is watched."""
        folder = bytes(path.parent)
        if folder in self.folders:
            self.folders[folder].heard(folder, bytes(path)[len(folder) + 1 :], mask)


class FakeScans:
    """Scans at once, on the thread that starts one, unless it is told to hold them up or to refuse."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[tuple[ScanCause, tuple[Part, ...]]] = []
        self.reports: list[ScanReport] = []
        self.is_held = self.is_locked = False
        self._states: dict[int, ScanState] = {}
        self._watcher: Any = None

    def watch(self, watcher: Any) -> None:
        self._watcher = watcher

    def get(self, scan_job_id: int) -> ScanState:
        return self._states[scan_job_id]

    def start(
        self, path: str, *, nice: bool, parts: Sequence[Part], cause: ScanCause, entering: Entering | None
    ) -> ScanState:
        if self.is_locked:
            raise LockedError("it is being scanned")
        self.asked.append((cause, tuple(parts)))
        report = self.world.scan(Path(path), parts=parts, cause=cause, entering=entering)
        self.reports.append(report)
        phase = Phase.RUNNING if self.is_held else Phase.ENDED
        state = ScanState(
            report.scan_job_id, path, False, False, phase, None, 0, nice=nice, parts=tuple(parts), cause=cause
        )
        self._states[report.scan_job_id] = state
        self.end(report)
        return state

    def end(self, report: ScanReport) -> None:
        """Tell of the end of a scan, unless they are held up."""
        if not self.is_held:
            state = attrs.evolve(self._states[report.scan_job_id], phase=Phase.ENDED, report=report)
            self._states[report.scan_job_id] = state
            self._watcher(state)


class Kept:
    """The upkeep of ``world``, and the time of day; ``pass_time`` lets both go on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = FakeClock()
        self.began = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.watching = FakeWatching()
        self.scans = FakeScans(world)
        self.points: Points = {b"/": None}
        self.upkeep = Upkeep(
            world.engine,
            self.scans,
            list,
            self.watching,
            points=lambda: self.points,
            clock=self.clock,
            wall=lambda: self.began + timedelta(seconds=self.clock.now() - 1000),
        )

    def pass_time(self, seconds: float) -> None:
        """Do what becomes due within so many seconds."""
        until = self.clock.now() + seconds
        while True:
            at = min(self.upkeep.step(), until)
            self.clock.advance(max(0.0, at - self.clock.now()))
            if at >= until:
                break
        self.upkeep.step()
        self.clock.advance(0.0)
        assert not self.clock.failures

    @property
    def library_id(self) -> int:
        return load(self.world.engine)[0].id


@pytest.fixture
def world(tmp_path: Path, fresh_database: Path) -> Iterator[World]:
    hook = FakeHook()
    hook.add_scraper()
    shutil.copyfile(fresh_database, tmp_path / "viewra.db")
    made = World(tmp_path, f"sqlite:///{tmp_path / 'viewra.db'}", hook)
    yield made
    made.engine.dispose()
    hook.close()


@pytest.fixture
def kept(world: World) -> Kept:
    """A library with one file that is watched."""
    world.put("album/first.mp3")
    world.scan()
    made = Kept(world)
    made.pass_time(1)
    made.scans.asked.clear()
    made.scans.reports.clear()
    return made
