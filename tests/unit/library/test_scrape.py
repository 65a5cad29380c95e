"""How scrapers get files, how their failures are handled, and which files they get again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from viewra import library
from viewra.errors import PluginFault
from viewra.types import FileOutcome, FileToRead, ScanStatus


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


def test_a_slow_scraper_gates_neither_the_walk_nor_the_others(world: World) -> None:
    fast = world.hook.add_scraper("fast")
    all_read = threading.Event()

    def fast_behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        if len(fast.names) == 600:
            all_read.set()
        return fast.titles(files)

    def slow_behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        assert all_read.wait(60), "the fast scraper was held up"
        return [FileOutcome()] * len(files)

    fast.behaviour = fast_behaviour
    world.hook.add_scraper("slow", slow_behaviour)
    fill(world, 600)
    assert world.scan().failures == ()


def test_text_that_is_not_utf8_is_kept_escaped(world: World) -> None:
    world.hook.add_scraper("tags", lambda files: [FileOutcome({"title": "\udcff \ud800"})] * len(files))
    path = world.put("a.mp3")
    world.scan()
    title = library.show(world.engine, str(path)).metadata["title"].value
    assert isinstance(title, str)
    assert title.isprintable()
