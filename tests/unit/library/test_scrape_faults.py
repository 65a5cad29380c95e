"""Plugins that crash, hang or stay away while they read, and files that vanish before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scrape import fill, has, statuses
from viewra import library
from viewra.errors import PluginClosed, PluginTimeout, PluginUnavailable
from viewra.library import scrape
from viewra.types import FileOutcome, FileToRead, Result, ScanStatus


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "PAUSE_S", 0.01)


def test_a_file_that_ends_the_plugin_is_found_and_kept_as_an_error(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if has(files, "003.mp3"):
            raise PluginUnavailable("tags", "was ended by signal 11", in_call=True)
        return [FileOutcome({"title": "x"})] * len(files)

    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 30)
    report = world.scan()
    assert [(Path(one.path).name, one.error) for one in report.failures] == [("003.mp3", "was ended by signal 11")]
    assert list(statuses(world).values()).count("ok") == 29
    scraper.batches.clear()
    world.scan()
    assert scraper.batches == []


def test_a_file_that_takes_too_long_is_kept_as_an_error_until_it_is_asked_for(world: World) -> None:
    slow = True

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if slow and has(files, "003.mp3"):
            raise PluginTimeout("tags", "no answer in 30 s")
        return [FileOutcome({"title": "x"})] * len(files)

    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 30)
    report = world.scan()
    assert [Path(one.path).name for one in report.failures] == ["003.mp3"]
    assert statuses(world)["003.mp3"] == "error"
    assert list(statuses(world).values()).count("ok") == 29
    slow = False
    scraper.batches.clear()
    assert world.scan().failures == ()
    assert scraper.batches == []
    world.scan(full=True)
    assert statuses(world)["003.mp3"] == "ok"


def test_the_only_file_takes_too_long_once(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        raise PluginTimeout("tags", "no answer in 30 s")

    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 1)
    report = world.scan()
    assert [(Path(one.path).name, one.error) for one in report.failures] == [("000.mp3", "no answer in 30 s")]
    assert statuses(world) == {"000.mp3": "error"}
    scraper.batches.clear()
    world.scan()
    assert scraper.batches == []


def test_a_plugin_that_comes_back_loses_nothing(world: World) -> None:
    left = [4]

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if left[0]:
            left[0] -= 1
            raise PluginUnavailable("tags", "is starting")
        return [FileOutcome({"title": "x"})] * len(files)

    world.hook.add_scraper("tags", behaviour).window = 4
    fill(world, 40)
    report = world.scan()
    assert (report.failures, len(statuses(world))) == ((), 40)


@pytest.mark.parametrize(
    "error",
    [
        PluginUnavailable("tags", "is gone"),
        PluginClosed("tags", "is gone"),
        PluginTimeout("tags", "is gone"),
        PluginUnavailable("tags", "is gone", in_call=True),
    ],
)
def test_a_plugin_that_stays_away_is_given_up_with_one_line(world: World, error: Exception) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        raise error

    broken = world.hook.add_scraper("tags", behaviour)
    healthy = world.hook.add_scraper("other")
    fill(world, 100)
    report = world.scan()
    assert report.status is ScanStatus.COMPLETED
    assert [(one.path, one.plugin, one.error) for one in report.failures] == [
        (str(world.folder), "tags", "is gone; 100 files are left to the next scan")
    ]
    assert report.counts.failed == 100
    assert len(healthy.names) == 100
    assert len(broken.batches) <= 8
    broken.behaviour = broken.titles
    broken.batches.clear()
    assert world.scan().failures == ()
    assert len(broken.names) == 100


def test_a_plugin_that_cannot_be_opened_gives_one_line(world: World) -> None:
    world.hook.scrapers.append(Result("bad", error=PluginUnavailable("bad", "did not start")))
    world.hook.add_scraper()
    fill(world, 3)
    report = world.scan()
    assert [(one.plugin, one.error) for one in report.failures] == [
        ("bad", "did not start; its files are left to the next scan")
    ]
    assert len(statuses(world)) == 3


def test_a_file_that_moves_before_it_is_read_is_read_at_its_new_place(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        for path in [Path(file.file_path) for file in files]:
            if path.stem != "moved":
                path.rename(path.with_stem("moved"))
                return [FileOutcome(error="No such file or directory")] * len(files)
        return [FileOutcome({"title": "found"})] * len(files)

    world.hook.add_scraper("tags", behaviour)
    fill(world, 1)
    world.scan()
    report = world.scan()
    assert (report.counts.moved, report.still_failed) == (1, 0)
    assert set(statuses(world).values()) == {"ok"}


def test_a_file_that_vanishes_before_it_is_read(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        for file in files:
            Path(file.file_path).unlink()
        return [FileOutcome(error="No such file or directory")] * len(files)

    world.hook.add_scraper("tags", behaviour)
    fill(world, 1)
    report = world.scan()
    assert [one.error for one in report.failures] == ["No such file or directory"]
    assert world.scan().counts.missing == 1
    assert library.purge_missing(world.engine) == 1
    assert statuses(world) == {}
