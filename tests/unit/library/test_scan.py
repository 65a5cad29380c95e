"""What a scan finds: new, changed, moved and deleted files, and files that it must not touch."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from viewra import library
from viewra.errors import LockedError, UsageError, ViewraError
from viewra.types import FileOutcome, FileToRead, ScanCounts, ScanReport, ScanStatus


def counts(report: ScanReport) -> dict[str, int]:
    """The counts of what was found that are not 0."""
    return {name: count for name, count in attrs.asdict(report.counts).items() if count and name != "read"}


def test_a_first_scan_reads_everything_once(world: World) -> None:
    scraper = world.hook.add_scraper()
    for number in range(30):
        world.put(f"album {number // 10}/{number}.mp3")
    world.put("cover.jpg")
    world.put("notes.txt")
    report = world.scan()
    assert report.status is ScanStatus.COMPLETED
    assert counts(report) == {"seen": 30, "new": 30}
    assert report.failures == ()
    assert sorted(scraper.names) == sorted(f"{number}.mp3" for number in range(30))
    file = library.show(world.engine, str(world.folder / "album 1" / "17.mp3"))
    assert (file.metadata["title"].value, file.metadata["title"].plugin) == ("17", "tags")
    assert (file.mime_type, file.size) == ("audio/mpeg", len("album 1/17.mp3"))
    world.check_consistent()


def test_a_second_scan_reads_nothing(world: World) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    world.scan()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert scraper.names == ["a.mp3"]


def test_a_changed_file_is_read_again_alone(world: World) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    world.put("b.mp3")
    world.scan()
    ids = world.ids()
    world.put("a.mp3", b"longer than before")
    assert counts(world.scan()) == {"seen": 2, "changed": 1, "unchanged": 1}
    assert sorted(scraper.names) == ["a.mp3", "a.mp3", "b.mp3"]
    assert world.ids() == ids


def test_full_reads_everything_again(world: World) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    world.scan()
    assert counts(world.scan(full=True)) == {"seen": 1, "unchanged": 1}
    assert scraper.names == ["a.mp3", "a.mp3"]


def test_full_notices_a_change_that_kept_size_and_time(world: World) -> None:
    path = world.put("a.mp3", b"one")
    before = path.stat()
    world.scan()
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with world.engine.begin() as connection:  # as if the file system kept no time of change
        connection.exec_driver_sql(f"UPDATE media_files SET ctime_ns = {path.stat().st_ctime_ns}")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert counts(world.scan(full=True)) == {"seen": 1, "changed": 1}


def test_a_deleted_file_and_folder_are_missing(world: World) -> None:
    world.hook.add_scraper()
    world.put("a.mp3").unlink()
    world.put("keep.mp3")
    world.put("gone/b.mp3")
    alone = world.put("c.mp3")
    world.scan()
    alone.unlink()
    shutil.rmtree(world.folder / "gone")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 2}
    assert [Path(path).name for path in world.ids()] == ["keep.mp3"]
    assert library.search(world.engine, None, "artist:tags").total == 1
    assert len(world.rows("SELECT * FROM file_metadata")) == 3
    world.check_consistent()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}, "each goes missing once"


def test_ids_are_never_given_again(world: World) -> None:
    world.put("a.mp3")
    world.scan()
    (first,) = world.ids().values()
    (world.folder / "a.mp3").unlink()
    world.scan()
    assert library.purge_missing(world.engine) == 1
    world.put("b.mp3", b"other")
    world.scan()
    assert list(world.ids().values()) == [first + 1]


def test_a_broken_link_gives_a_line_and_loses_nothing(world: World, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.mp3"
    target.write_bytes(b"x")
    (world.folder / "link.mp3").symlink_to(target)
    assert counts(world.scan()) == {"seen": 1, "new": 1}
    target.unlink()
    report = world.scan()
    assert counts(report) == {"failed": 1}
    assert [(failure.plugin, failure.error) for failure in report.failures] == [(None, "broken symbolic link")]
    assert len(world.ids()) == 1


def test_a_loop_is_left_out(world: World) -> None:
    world.put("album/x.mp3")
    (world.folder / "album" / "up").symlink_to(world.folder)
    (world.folder / "album" / "itself").symlink_to(".")
    report = world.scan()
    assert (counts(report), report.failures) == ({"seen": 1, "new": 1}, ())


def test_a_folder_inside_a_library_is_scanned_alone(world: World) -> None:
    world.put("a/1.mp3")
    world.put("ab/2.mp3")
    world.put("a-b/5.mp3")
    first = world.scan()
    world.put("a/3.mp3")
    world.put("ab/4.mp3")
    (world.folder / "ab" / "2.mp3").unlink()
    (world.folder / "a-b" / "5.mp3").unlink()
    report = world.scan(world.folder / "a")
    assert report.library_id == first.library_id
    assert counts(report) == {"seen": 2, "new": 1, "unchanged": 1}
    assert len(library.list_libraries(world.engine)) == 1
    assert counts(world.scan()) == {"seen": 3, "new": 1, "unchanged": 2, "missing": 2}


def test_a_folder_reached_by_a_link_is_the_same_library(world: World, tmp_path: Path) -> None:
    world.put("a/1.mp3")
    first = world.scan()
    (tmp_path / "alias").symlink_to(world.folder)
    report = world.scan(tmp_path / "alias" / "a")
    assert (report.library_id, counts(report)) == (first.library_id, {"seen": 1, "unchanged": 1})
    (world.folder / "inside").symlink_to("a")
    assert counts(world.scan(world.folder / "inside")) == {"seen": 1, "unchanged": 1}


def test_a_folder_that_holds_a_library_is_refused(world: World) -> None:
    world.scan()
    with pytest.raises(UsageError, match="contains the library") as caught:
        world.scan(world.folder.parent)
    assert "viewra library remove" in str(caught.value.hint)


def test_a_folder_that_does_not_exist_is_refused_and_nothing_is_lost(world: World) -> None:
    world.put("a.mp3")
    world.scan()
    world.folder.rename(world.folder.with_name("away"))
    with pytest.raises(UsageError, match="no such folder"):
        world.scan()
    assert len(world.ids()) == 1
    assert [library.path for library in library.list_libraries(world.engine)] == [str(world.folder)]


def test_a_file_is_no_folder(world: World) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        world.scan(world.put("a.mp3"))


def test_an_empty_mount_point_loses_nothing_that_was_scanned_before_mounts_were_kept(world: World) -> None:
    world.put("a.mp3")
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_files SET device = device + 1")
        connection.exec_driver_sql("UPDATE directories SET device = NULL, mount = NULL")
    (world.folder / "a.mp3").unlink()
    with pytest.raises(ViewraError, match="is it mounted"):
        world.scan()
    assert len(world.ids()) == 1


def test_the_files_of_an_emptied_folder_are_missing(world: World) -> None:
    world.put("a.mp3")
    world.scan()
    (world.folder / "a.mp3").unlink()
    assert counts(world.scan()) == {"missing": 1}


def test_an_empty_folder(world: World) -> None:
    report = world.scan()
    assert (report.status, report.counts) == (ScanStatus.COMPLETED, ScanCounts())


def test_two_scans_of_one_library_at_once(world: World) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    seen: list[Exception] = []

    def behaviour(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        try:
            world.scan()
        except LockedError as error:
            seen.append(error)
        with pytest.raises(LockedError):
            library.remove_library(world.engine, str(world.folder))
        return scraper.titles(files)

    scraper.behaviour = behaviour
    assert world.scan().status is ScanStatus.COMPLETED
    assert f"process {os.getpid()}" in str(seen[0])


def test_libraries_are_added_listed_and_removed(world: World, tmp_path: Path) -> None:
    world.hook.add_scraper()
    other = tmp_path / "other"
    world.put("a.mp3")
    world.put("b.mp3", folder=other)
    added = library.add_library(world.engine, str(other))
    assert (added.path, added.files) == (str(other), 0)
    world.scan()
    world.scan(other)
    assert [(one.path, one.files) for one in library.list_libraries(world.engine)] == [
        (str(world.folder), 1),
        (str(other), 1),
    ]
    (other / "in").mkdir()
    with pytest.raises(UsageError, match="in the library"):
        library.add_library(world.engine, str(other / "in"))
    assert library.remove_library(world.engine, str(other)).files == 1
    with pytest.raises(UsageError, match="no library at"):
        library.remove_library(world.engine, str(other))
    assert list(world.ids()) == [str(world.folder / "a.mp3")]
    world.check_consistent()


def test_folders_within_each_other_are_one_job(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a/b", "a", "ab", "a", "a/../a")]
    assert library.distinct_folders(paths) == [paths[1], paths[2]]


def test_a_folder_with_more_files_than_a_statement_takes_parameters(world: World) -> None:
    def limit(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1_500)

    world.engine.dispose()
    sa.event.listen(world.engine, "connect", limit)
    world.hook.add_scraper().batch_size = 500
    count = 2_000
    (world.folder / "flat").mkdir()
    for number in range(count):
        (world.folder / "flat" / f"{number}.mp3").touch()
    assert counts(world.scan()) == {"seen": count, "new": count}
    (world.folder / "flat").rename(world.folder / "other")
    assert counts(world.scan()) == {"seen": count, "moved": count}
    for path in (world.folder / "other").iterdir():
        path.rename(path.with_suffix(".flac"))
    assert counts(world.scan()) == {"seen": count, "moved": count}
    for path in (world.folder / "other").iterdir():
        os.utime(path, (0, 0))
    assert counts(world.scan(full=True)) == {"seen": count, "changed": count}
    shutil.rmtree(world.folder / "other")
    assert counts(world.scan()) == {"missing": count}
    assert library.purge_missing(world.engine) == count
    world.check_consistent()


def test_a_file_that_is_not_in_the_library(world: World) -> None:
    with pytest.raises(UsageError, match="not in the library") as caught:
        library.show(world.engine, str(world.put("a.mp3")))
    assert f"viewra scan {world.folder}" in str(caught.value.hint)
