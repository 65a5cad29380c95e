"""How scrapers are fed, what becomes of their failures, and which files they are given again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra import library
from viewra.errors import PluginClosed, PluginFault, PluginTimeout, PluginUnavailable
from viewra.library import scrape
from viewra.types import FileOutcome, FileToRead, Result, ScanStatus


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "PAUSE_S", 0.01)


def has(files: Sequence[FileToRead], name: str) -> bool:
    return any(Path(file.file_path).name == name for file in files)


def fill(world: World, count: int) -> None:
    for number in range(count):
        world.put(f"{number:03}.mp3")


def statuses(world: World) -> dict[str, str]:
    rows = world.rows(
        "SELECT path_text, status FROM file_metadata JOIN media_files ON media_files.id = file_metadata.media_file_id"
    )
    return {Path(row.path_text).name: row.status for row in rows}


def test_a_window_of_full_batches_is_kept_in_flight(world: World) -> None:
    scraper = world.hook.add_scraper()
    fill(world, 40)
    world.scan()
    assert [len(batch) for batch in scraper.batches] == [8] * 5
    assert scraper.most_in_flight == 2


def test_a_plugin_enabled_later_reads_what_it_misses_alone(world: World) -> None:
    first = world.hook.add_scraper("first")
    fill(world, 3)
    world.scan()
    second = world.hook.add_scraper("second")
    world.put("003.mp3")
    world.scan()
    assert first.names == ["000.mp3", "001.mp3", "002.mp3", "003.mp3"] or len(first.names) == 4
    assert sorted(second.names) == ["000.mp3", "001.mp3", "002.mp3", "003.mp3"]


def test_new_code_of_a_plugin_reads_again_alone(world: World) -> None:
    first, second = world.hook.add_scraper("first"), world.hook.add_scraper("second")
    fill(world, 3)
    world.scan()
    second.code_hash = "v2"
    world.scan()
    assert (len(first.names), len(second.names)) == (3, 6)
    world.scan()
    assert (len(first.names), len(second.names)) == (3, 6)


def test_the_newest_reading_wins_field_by_field(world: World) -> None:
    world.hook.add_scraper("a", lambda files: [FileOutcome({"title": "A", "album": "only a"})] * len(files))
    path = str(world.put("x.mp3"))
    world.scan()
    world.hook.add_scraper("b", lambda files: [FileOutcome({"title": "B"})] * len(files))
    world.scan()
    metadata = library.show(world.engine, path).metadata
    assert {field: (value.value, value.plugin) for field, value in metadata.items()} == {
        "title": ("B", "b"),
        "album": ("only a", "a"),
    }
    assert library.search(world.engine, None, "title:b album:only").total == 1


def test_several_values_of_a_field_are_kept_and_each_is_found(world: World) -> None:
    values = {"artist": ("Clara Schumann", "Johannes \ud800 Brahms"), "title": "Trio"}
    world.hook.add_scraper("a", lambda files: [FileOutcome(values)] * len(files))
    path = str(world.put("x.mp3"))
    world.scan()
    metadata = library.show(world.engine, path).metadata
    assert metadata["artist"].value == ["Clara Schumann", r"Johannes \ud800 Brahms"]
    assert metadata["title"].value == "Trio"
    for word in ("clara", "brahms", '"clara schumann"'):
        assert library.search(world.engine, None, f"artist:{word}").total == 1


def test_only_files_of_wanted_types_are_handed_over(world: World) -> None:
    audio, video = world.hook.add_scraper("audio"), world.hook.add_scraper("video")
    video.types = ("video/",)
    world.put("a.mp3")
    world.put("b.mkv")
    world.scan()
    assert (audio.names, video.names) == (["a.mp3"], ["b.mkv"])


def test_an_error_and_a_file_not_handled_are_outcomes(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        by_name = {"000.mp3": FileOutcome(error="bad header"), "001.mp3": FileOutcome()}
        return [by_name.get(Path(file.file_path).name, FileOutcome({"title": "x"})) for file in files]

    scraper = world.hook.add_scraper("tags", behaviour)
    fill(world, 3)
    report = world.scan()
    assert statuses(world) == {"000.mp3": "error", "001.mp3": "skipped", "002.mp3": "ok"}
    assert report.counts.failed == 1
    ((path, plugin, error),) = [(one.path, one.plugin, one.error) for one in report.failures]
    assert (path, plugin, error) == (str(world.folder / "000.mp3"), "tags", "bad header")
    world.scan()
    assert len(scraper.names) == 3


def test_a_file_that_two_plugins_fail_at_is_counted_once(world: World) -> None:
    for name in ("a", "b"):
        world.hook.add_scraper(name, lambda files: [FileOutcome(error="no")] * len(files))
    fill(world, 1)
    report = world.scan()
    assert (report.counts.failed, len(report.failures)) == (1, 2)


def test_the_culprit_of_a_failed_batch_is_found(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if has(files, "005.mp3"):
            raise PluginFault("tags", "crashed on a tag")
        return [FileOutcome({"title": "x"})] * len(files)

    world.hook.add_scraper("tags", behaviour)
    fill(world, 20)
    report = world.scan()
    assert [(Path(one.path).name, one.error) for one in report.failures] == [("005.mp3", "crashed on a tag")]
    assert list(statuses(world).values()).count("ok") == 19
    assert statuses(world)["005.mp3"] == "error"


@pytest.mark.parametrize("answer", [[], [FileOutcome()] * 99])
def test_a_wrong_number_of_outcomes_is_a_fault(world: World, answer: list[FileOutcome]) -> None:
    world.hook.add_scraper("tags", lambda files: answer)
    fill(world, 2)
    report = world.scan()
    assert report.counts.failed == 2
    assert "outcomes for 1 files" in report.failures[0].error


def test_any_exception_of_a_plugin_is_its_fault(world: World) -> None:
    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        raise ZeroDivisionError

    world.hook.add_scraper("tags", behaviour)
    fill(world, 3)
    report = world.scan()
    assert report.status is ScanStatus.COMPLETED
    assert {one.error for one in report.failures} == {"ZeroDivisionError"}


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


def test_a_slow_scraper_gates_neither_the_walk_nor_the_others(world: World) -> None:
    fast = world.hook.add_scraper("fast")
    all_read = threading.Event()

    def fast_behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if len(fast.names) == 600:
            all_read.set()
        return fast.titles(files)

    def slow_behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        assert all_read.wait(20), "the fast scraper was held up"
        return [FileOutcome()] * len(files)

    fast.behaviour = fast_behaviour
    world.hook.add_scraper("slow", slow_behaviour)
    fill(world, 600)
    assert world.scan().failures == ()


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
    cancel, release = threading.Event(), threading.Event()

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        cancel.set()
        release.wait(30)
        return [FileOutcome()] * len(files)

    world.hook.add_scraper("tags", behaviour)
    fill(world, 3)
    started = time.monotonic()
    try:
        assert world.scan(cancel=cancel).status is ScanStatus.CANCELLED
        assert time.monotonic() - started < 10
    finally:
        release.set()


def test_ctrl_c_is_a_cancellation(world: World) -> None:
    before = signal.getsignal(signal.SIGINT)

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        os.kill(os.getpid(), signal.SIGINT)
        assert hangs.wait(30)
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


def test_text_that_is_not_utf8_is_kept_escaped(world: World) -> None:
    world.hook.add_scraper("tags", lambda files: [FileOutcome({"title": "\udcff \ud800"})] * len(files))
    path = world.put("a.mp3")
    world.scan()
    title = library.show(world.engine, str(path)).metadata["title"].value
    assert isinstance(title, str)
    assert title.isprintable()
