"""Files that a scan does not find: missing, returned, found elsewhere; the notifications, and untouched files."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library
from viewra.library import absences
from viewra.types import FileOutcome, FileToRead, LibraryEvent, LibraryEventKind


def test_a_missing_file_is_back_with_its_id_and_metadata(world: World) -> None:
    scraper = world.hook.add_scraper()
    path = world.put("album/a.mp3")
    world.put("b.mp3")
    world.scan()
    ids = world.ids()
    path.rename(world.folder.parent / "away.mp3")
    shutil.rmtree(path.parent)
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}
    (gone,) = library.list_missing(world.engine).items
    assert (gone.path, gone.media_file_id) == (str(path), ids[str(path)])
    assert abs(gone.since / 1e6 - time.time()) < 60
    assert library.search(world.engine, None, "title:a").total == 0
    shown = library.show(world.engine, str(path))
    assert (shown.missing_since, shown.metadata["title"].value) == (gone.since, "a")
    assert [(one.files, one.missing) for one in library.list_libraries(world.engine)] == [(1, 1)]
    path.parent.mkdir()
    (world.folder.parent / "away.mp3").rename(path)
    assert counts(world.scan()) == {"seen": 2, "unchanged": 1, "returned": 1}
    assert world.ids() == ids
    assert library.show(world.engine, str(path)).missing_since is None
    assert library.search(world.engine, None, "title:a").total == 1
    assert sorted(scraper.names) == ["a.mp3", "b.mp3"], "nothing is read again"
    world.check_consistent()


def test_a_file_that_returns_with_other_content_is_read_again(world: World) -> None:
    scraper = world.hook.add_scraper()
    path = world.put("a.mp3")
    world.scan()
    ids = world.ids()
    path.unlink()
    world.scan()
    world.put("a.mp3", b"something else")
    assert counts(world.scan()) == {"seen": 1, "returned": 1}
    assert (world.ids(), scraper.names) == (ids, ["a.mp3", "a.mp3"])
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}


@pytest.mark.parametrize("copied", [False, True])
def test_a_missing_file_that_is_found_elsewhere_is_back_with_its_id(world: World, tmp_path: Path, copied: bool) -> None:
    scraper = world.hook.add_scraper()
    path = world.put("a/x.mp3")
    world.scan()
    (file_id,) = world.ids().values()
    shutil.move(path, tmp_path / "x.mp3")
    world.scan()
    (world.folder / "b").mkdir()
    new = world.folder / "b" / "x.mp3"
    (shutil.copy2 if copied else shutil.move)(tmp_path / "x.mp3", new)
    assert counts(world.scan()) == {"seen": 1, "returned": 1}
    assert world.ids() == {str(new): file_id}
    assert scraper.names == ["x.mp3"]
    world.check_consistent()


def test_folders_that_go_and_return_keep_all_ids(world: World) -> None:
    for number in range(1200):
        world.put(f"old/{number // 300}/{number}.mp3")
    world.scan()
    ids = world.ids()
    (world.folder / "old").rename(world.folder.parent / "old")
    assert counts(world.scan()) == {"missing": 1200}
    assert world.scan().counts.missing == 0
    (world.folder.parent / "old").rename(world.folder / "old")
    assert counts(world.scan()) == {"seen": 1200, "returned": 1200}
    assert world.ids() == ids


def test_pages_of_missing_files_are_the_whole_in_parts_while_some_return(world: World) -> None:
    paths = [world.put(name) for name in ("b.mp3", "z.mp3", "a/1.mp3", "a/2.mp3", "c/3.mp3")]
    world.scan()
    for path in paths:
        path.unlink()
    world.scan()
    first = library.list_missing(world.engine, limit=2)
    assert [one.path for one in first.items] == [str(path) for path in paths[:2]]
    for name in ("z.mp3", "a/1.mp3"):
        world.put(name)
    world.scan()
    rest = library.list_missing(world.engine, after=first.next, limit=10)
    assert ([one.path for one in rest.items], rest.next) == ([str(path) for path in paths[3:]], None)
    assert [one.path for one in library.list_missing(world.engine, str(paths[4].parent)).items] == [str(paths[4])]


def test_a_file_that_becomes_a_folder_and_a_file_again(world: World) -> None:
    path = world.put("a.mp3")
    world.scan()
    ids = world.ids()
    path.unlink()
    world.put("a.mp3/b.mp3")
    assert counts(world.scan()) == {"seen": 1, "new": 1, "missing": 1}
    shutil.rmtree(path)
    world.put("a.mp3")
    assert counts(world.scan()) == {"seen": 1, "returned": 1, "missing": 1}
    assert world.ids() == ids


def test_a_part_of_a_library_scanned_alone(world: World) -> None:
    path = world.put("a/x.mp3")
    world.put("b/y.mp3")
    world.scan()
    ids = world.ids()
    path.rename(world.folder / "b" / "x.mp3")
    assert counts(world.scan(world.folder / "a")) == {"missing": 1}
    assert counts(world.scan(world.folder / "b")) == {"seen": 2, "unchanged": 1, "returned": 1}
    assert world.ids()[str(world.folder / "b" / "x.mp3")] == ids[str(path)]


def test_what_is_told_of_missing_returned_moved_and_purged_files(world: World) -> None:
    ears = world.hook.add_listener()
    path, other = world.put("a.mp3"), world.put("b.mp3")
    notifier = library.Notifier(world.engine, world.hook)

    def scan() -> list[LibraryEvent]:
        ears.heard.clear()
        world.scan(notifier=notifier)
        assert notifier.wait_idle(20)
        return [event for event in ears.heard if isinstance(event, LibraryEvent)]

    assert scan() == []
    ids = world.ids()
    path.rename(world.folder.parent / "a.mp3")
    (event,) = scan()
    common: dict[str, Any] = {"library_id": 1, "media_file_id": ids[str(path)], "path": str(path)}
    assert event == LibraryEvent(LibraryEventKind.MISSING, 2, **common)
    (world.folder.parent / "a.mp3").rename(path)
    assert scan() == [LibraryEvent(LibraryEventKind.RETURNED, 3, **common)]
    path.rename(world.folder / "c.mp3")
    moved: dict[str, Any] = {**common, "path": str(world.folder / "c.mp3"), "old_path": str(path)}
    assert scan() == [LibraryEvent(LibraryEventKind.MOVED, 4, **moved)]
    other.unlink()
    scan()
    ears.heard.clear()
    assert library.purge_missing(world.engine) == 1
    notifier.wake()
    assert notifier.wait_idle(20)
    assert ears.heard == [LibraryEvent(LibraryEventKind.PURGED, 0, 1, ids[str(other)], str(other))]
    notifier.close(60)


def test_a_cancelled_scan_marks_nothing_and_says_how_far_it_came(world: World) -> None:
    import threading

    for number in range(200):
        world.put(f"{number // 20:02}/{number}.mp3")
    world.scan()
    shutil.rmtree(world.folder / "00")
    cancel = threading.Event()
    report = world.scan(cancel=cancel, progress=lambda _: cancel.set())
    assert report.status == "cancelled"
    assert report.counts.missing == 0
    assert report.reached.startswith(str(world.folder))
    assert counts(world.scan()) == {"seen": 180, "unchanged": 180, "missing": 20}


def test_full_counts_what_it_read(world: World) -> None:
    world.hook.add_scraper("tags")
    world.hook.add_scraper("more")
    for number in range(30):
        world.put(f"{number}.mp3")
    assert world.scan().counts.read == 30
    assert world.scan().counts.read == 0
    assert world.scan(full=True).counts.read == 30


def test_nothing_is_due_of_a_file_that_went_before_it_was_read(world: World) -> None:
    """Else no scan of the library would be one in which nothing is to do."""
    cancel = threading.Event()

    def stop(files: Sequence[FileToRead]) -> Sequence[FileOutcome]:
        cancel.set()
        return [FileOutcome({}) for _ in files]

    world.hook.add_scraper("tags", stop).batch_size = 1
    paths = [world.put(f"{number}.mp3") for number in range(30)]
    world.scan(cancel=cancel)
    assert world.rows("SELECT id FROM media_files WHERE event_due")
    for path in paths:
        path.unlink()
    assert world.scan().counts.missing == len(paths)
    assert world.rows("SELECT id FROM media_files WHERE event_due") == []


def test_folders_that_go_leave_no_rows_but_those_of_their_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absences, "ROWS_A_TRANSACTION", 2)
    for number in range(5):
        for name in "abc":
            world.put(f"{number}/{name}.mp3")
    for number in range(5, 8):
        (world.folder / f"{number}").mkdir()
        (world.folder / f"{number}/x.mp3").hardlink_to(world.folder / "0/a.mp3")
    world.scan()
    for number in range(8):
        shutil.rmtree(world.folder / f"{number}")
    assert world.scan().counts.missing == 15
    folders = {Path(row.path.decode()).name for row in world.rows("SELECT path FROM directories")}
    assert folders == {*"01234"}
    assert world.rows("SELECT * FROM other_paths") == []
