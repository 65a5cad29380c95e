"""Unreadable files stay recorded until they can be read; files without a reader are counted separately."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.library.conftest import Behaviour, FakeScraper, World
from viewra import library
from viewra.errors import UsageError
from viewra.types import FileOutcome, FileToRead


def titles_but(*bad: str) -> Behaviour:
    """Fails at the files of these names."""

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        return [
            FileOutcome(error="not a song") if Path(file.file_path).name in bad else FileOutcome({"title": "t"})
            for file in files
        ]

    return behaviour


@pytest.fixture
def failing(world: World) -> tuple[World, FakeScraper]:
    scraper = world.hook.add_scraper("tags", titles_but("1.mp3", "2.mp3"))
    for name in ("0.mp3", "1.mp3", "below/2.mp3"):
        world.put(name)
    first = world.scan()
    assert (first.counts.failed, first.new_failed, first.still_failed) == (2, 2, 2)
    return world, scraper


def test_a_failure_stays_until_it_is_mended(failing: tuple[World, FakeScraper]) -> None:
    world, scraper = failing
    again = world.scan()
    assert (again.counts.failed, again.new_failed, again.still_failed) == (0, 0, 2)
    found = library.list_failures(world.engine).items
    assert [(one.path, one.plugin, one.error) for one in found] == [
        (str(world.folder / "1.mp3"), "tags", "not a song"),
        (str(world.folder / "below" / "2.mp3"), "tags", "not a song"),
    ]
    assert all(one.at > 1e15 for one in found), "microseconds"
    scraper.behaviour = titles_but("1.mp3")
    world.put("below/2.mp3", b"mended")
    mended = world.scan()
    assert mended.still_failed == 1
    assert [one.path for one in library.list_failures(world.engine).items] == [str(world.folder / "1.mp3")]


def test_only_what_failed_is_read_again(failing: tuple[World, FakeScraper]) -> None:
    world, scraper = failing
    world.put("new.mp3")
    scraper.batches.clear()
    scraper.behaviour = titles_but("2.mp3")
    report = world.scan(retry_failed=True)
    assert sorted(scraper.names) == ["1.mp3", "2.mp3"]
    assert (report.counts.seen, report.counts.new, report.counts.failed) == (2, 0, 1)
    assert (report.new_failed, report.still_failed) == (0, 1), "it had failed before"
    assert world.scan(full=True).new_failed == 0
    assert [Path(one.path).name for one in library.list_failures(world.engine).items] == ["2.mp3"]
    scraper.batches.clear()
    world.scan(world.folder / "below", retry_failed=True)
    assert scraper.names == ["2.mp3"]


def test_of_one_place_of_one_plugin_and_of_plugins_that_are_there(failing: tuple[World, FakeScraper]) -> None:
    world, _ = failing
    world.hook.add_scraper("lyrics", titles_but("0.mp3"))
    world.scan()

    def names(*arguments: object, **options: object) -> list[tuple[str, str | None]]:
        found = library.list_failures(world.engine, *arguments, **options)  # type: ignore[arg-type]
        return [(Path(one.path).name, one.plugin) for one in found.items]

    assert names() == [("0.mp3", "lyrics"), ("1.mp3", "tags"), ("2.mp3", "tags")]
    assert names(str(world.folder / "below")) == [("2.mp3", "tags")]
    assert names(str(world.folder / "1.mp3")) == [("1.mp3", "tags")]
    assert names(plugin_id="lyrics") == [("0.mp3", "lyrics")]
    assert names(installed={"tags"}) == [("1.mp3", "tags"), ("2.mp3", "tags")]
    with pytest.raises(UsageError, match="in no library"):
        names("/elsewhere")
    file_id = world.ids()[str(world.folder / "1.mp3")]
    assert [(one.plugin, one.error) for one in library.failures_of(world.engine, file_id)] == [("tags", "not a song")]


def test_what_the_system_could_not_read_is_listed_until_a_scan_can(world: World) -> None:
    world.hook.add_scraper()
    world.put("a/0.mp3")
    (world.folder / "a" / "broken.mp3").symlink_to("nowhere")
    (world.folder / "broken.mp3").symlink_to("nowhere")
    world.scan()
    assert [(one.path, one.plugin) for one in library.list_failures(world.engine).items] == [
        (str(world.folder / "broken.mp3"), None),
        (str(world.folder / "a" / "broken.mp3"), None),
    ]
    (world.folder / "a" / "broken.mp3").unlink()
    world.scan(world.folder / "a")
    world.scan(retry_failed=True)  # which looks at no folder, so it mends none
    assert [one.path for one in library.list_failures(world.engine).items] == [str(world.folder / "broken.mp3")]
    (world.folder / "broken.mp3").unlink()
    world.scan()
    assert library.list_failures(world.engine).items == ()


def test_pages_of_failures_are_the_whole_in_parts(failing: tuple[World, FakeScraper]) -> None:
    world, _ = failing
    world.hook.add_scraper("lyrics", titles_but("1.mp3", "0.mp3"))
    for name in ("1.flac", "below/0.flac"):
        (world.folder / name).symlink_to("nowhere")
    world.scan()
    whole = library.list_failures(world.engine).items
    assert [one.plugin for one in whole] == ["lyrics", None, "lyrics", "tags", None, "tags"]
    for place in (None, str(world.folder / "below")):
        found: list[library.KnownFailure] = []
        after = None
        while len(found) < len(whole):
            page = library.list_failures(world.engine, place, after=after, limit=1)
            found += page.items
            if (after := page.next) is None:
                break
        assert found == [one for one in whole if place is None or one.path.startswith(f"{place}/")]


def test_what_nobody_reads_is_counted_by_extension(world: World) -> None:
    world.hook.add_scraper()
    for name in ("0.mp3", "a.mkv", "b.c/b.MKV", "c.avi", "d.x.avi", "e.mkv"):
        world.put(name)
    os.mkfifo(world.folder / "pipe.mkv")
    assert world.scan().unwanted == {".mkv": 3, ".avi": 2}
    assert world.scan().unwanted == {".mkv": 3, ".avi": 2}
    world.hook.add_scraper("film").types = ("video/",)
    assert world.scan().unwanted == {}


def test_failures_are_in_the_order_of_paths_however_long(world: World) -> None:
    deep = "/".join(["folder" * 30] * 6)
    paths = sorted(str(world.put(f"{deep}{end}/{name}.mp3")) for end in "zab" for name in "21")
    world.hook.add_scraper(behaviour=titles_but("1.mp3", "2.mp3"))
    world.scan()
    found, after = list[str](), None
    while len(found) < len(paths):
        page = library.list_failures(world.engine, after=after, limit=1)
        found += [one.path for one in page.items]
        after = page.next
    assert (found, after) == (paths, None)
