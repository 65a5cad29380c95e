"""A scan that is cancelled or interrupted while plugins read, and what its end says."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scrape import fill, statuses
from viewra import library
from viewra.types import FileOutcome, FileToRead, ScanStatus


def test_cancelling_keeps_what_was_read_and_the_next_scan_goes_on(world: World) -> None:
    cancel = threading.Event()

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if len(scraper.batches) > 3:
            cancel.set()
        return scraper.titles(files)

    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 100)
    report = world.scan(cancel=cancel)
    assert report.status is ScanStatus.CANCELLED
    read = set(statuses(world))
    assert 0 < len(read) < 100
    assert [row.status for row in world.rows("SELECT status FROM scan_jobs")] == ["cancelled"]
    scraper.behaviour = scraper.titles
    scraper.batches.clear()
    assert world.scan().status is ScanStatus.COMPLETED
    assert set(scraper.names) == {f"{number:03}.mp3" for number in range(100)} - read
    world.check_consistent()


def test_cancelling_does_not_wait_for_a_plugin_that_hangs(world: World) -> None:
    cancel, release, waited = threading.Event(), threading.Event(), list[bool]()

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        cancel.set()
        waited.append(release.wait(100))
        return [FileOutcome()] * len(files)

    world.hook.add_scraper("tags", behaviour)
    fill(world, 3)
    try:
        assert world.scan(cancel=cancel).status is ScanStatus.CANCELLED
        assert waited == []
    finally:
        release.set()


def test_ctrl_c_is_a_cancellation(world: World) -> None:
    before = signal.getsignal(signal.SIGINT)

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        os.kill(os.getpid(), signal.SIGINT)
        assert hangs.wait(60)
        return scraper.titles(files)

    hangs = threading.Event()
    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 30)
    cancel = threading.Event()
    try:
        assert world.scan(cancel=cancel).status is ScanStatus.CANCELLED
    finally:
        hangs.set()
    assert cancel.is_set()
    assert signal.getsignal(signal.SIGINT) is before
    scraper.behaviour = scraper.titles
    assert world.scan().status is ScanStatus.COMPLETED
    world.check_consistent()


def test_a_second_ctrl_c_ends_a_scan_that_does_not_heed_the_first(world: World) -> None:
    def progress(_progress: object) -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)

    world.hook.add_scraper()
    fill(world, 3)
    with pytest.raises(KeyboardInterrupt):
        world.scan(progress=progress)
    assert world.scan().status is ScanStatus.COMPLETED


def test_progress_ends_with_everything_done(world: World) -> None:
    world.hook.add_scraper("tags", lambda files: [FileOutcome(error="no")] * len(files))
    fill(world, 50)
    seen: list[library.ScanProgress] = []
    world.scan(progress=seen.append)
    last = seen[-1]
    assert (last.seen, last.done, last.total, last.failed, last.phase) == (50, 50, 50, 50, "finish")
    assert seen[0].total is None
    assert [now.seen for now in seen] == sorted(now.seen for now in seen)


def test_failures_are_bounded_and_their_count_is_exact(world: World) -> None:
    world.hook.add_scraper("tags", lambda files: [FileOutcome(error="no")] * len(files)).batch_size = 200
    fill(world, 1100)
    report = world.scan()
    assert (report.counts.failed, len(report.failures)) == (1100, 1000)
