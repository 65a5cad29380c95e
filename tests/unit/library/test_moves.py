"""A file that is moved, renamed or copied: what is the same file, and what is a new one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from viewra import library


@pytest.mark.parametrize("target", ["b.mp3", "sub/a.mp3", "AAA/first.mp3", "zzz/last.mp3"])
def test_a_moved_file_keeps_its_id_and_metadata(world: World, target: str) -> None:
    scraper = world.hook.add_scraper()
    old = world.put("middle/a.mp3")
    world.scan()
    (file_id,) = world.ids().values()
    new = world.folder / target
    new.parent.mkdir(parents=True, exist_ok=True)
    old.rename(new)
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert world.ids() == {str(new): file_id}
    assert library.show(world.engine, str(new)).metadata["title"].value == "a"
    assert library.search(world.engine, None, f"path:{new.stem}").total == 1
    assert scraper.names == ["a.mp3"]
    world.check_consistent()


def test_a_renamed_folder_moves_all_its_files(world: World) -> None:
    for number in range(40):
        world.put(f"old/{number}.mp3")
    world.scan()
    ids = set(world.ids().values())
    (world.folder / "old").rename(world.folder / "new")
    assert counts(world.scan()) == {"seen": 40, "moved": 40}
    assert set(world.ids().values()) == ids
    assert all("/new/" in path for path in world.ids())
    assert world.rows("SELECT path FROM directories") == [(os.fsencode(world.folder / "new"),)]


def test_a_copy_that_kept_its_times_is_the_same_file_when_the_first_is_gone(world: World) -> None:
    old = world.put("a.mp3")
    world.scan()
    ids = list(world.ids().values())
    (world.folder / "disk2").mkdir()
    shutil.copy2(old, world.folder / "disk2" / "b.mp3")
    old.unlink()
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert list(world.ids().values()) == ids


def test_a_copy_beside_its_original_is_new(world: World) -> None:
    old = world.put("a.mp3")
    world.scan()
    shutil.copy2(old, world.folder / "b.mp3")
    assert counts(world.scan()) == {"seen": 2, "new": 1, "unchanged": 1}


def test_same_size_and_time_but_other_content_is_no_move(world: World) -> None:
    old = world.put("a.mp3", b"one")
    info = old.stat()
    world.scan()
    other = world.put("b.mp3", b"two")
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    old.unlink()
    assert counts(world.scan()) == {"seen": 1, "new": 1, "missing": 1}


def test_of_several_alike_the_one_of_the_same_name_is_the_same_file(world: World) -> None:
    for number in range(6):
        os.utime(world.put(f"{number}.mp3", b"the same"), (1, 1))
    world.scan()
    ids = {Path(path).name: number for path, number in world.ids().items()}
    for number in range(6):  # the walk comes by them in the opposite order
        folder = world.folder / f"folder {5 - number}"
        folder.mkdir()
        shutil.copy2(world.folder / f"{number}.mp3", folder)
    for number in range(6):  # all at the end: a copy that takes a freed inode would count as the file that had it
        (world.folder / f"{number}.mp3").unlink()
    assert counts(world.scan()) == {"seen": 6, "moved": 6}
    assert {Path(path).name: number for path, number in world.ids().items()} == ids


@pytest.mark.parametrize(("old", "new"), [("a", "z"), ("z", "a")])
def test_a_move_between_folders_that_are_compared_at_different_times(world: World, old: str, new: str) -> None:
    path = world.put(f"{old}/x.mp3")
    world.put(f"{old}/keep.mp3")
    (world.folder / new).mkdir()
    for number in range(150):
        world.put(f"m/{number}.mp3")
    world.scan()
    path.rename(world.folder / new / "x.mp3")
    assert counts(world.scan()) == {"seen": 152, "unchanged": 151, "moved": 1}
    assert str(world.folder / new / "x.mp3") in world.ids()


def test_a_file_that_is_put_into_another_library_is_new_there(world: World, tmp_path: Path) -> None:
    path = world.put("a.mp3")
    other = world.put("b.mp3", folder=tmp_path / "other").parent
    world.scan()
    world.scan(other)
    path.rename(other / "a.mp3")
    assert counts(world.scan(other)) == {"seen": 2, "new": 1, "unchanged": 1}
    assert counts(world.scan()) == {"missing": 1}


@pytest.mark.parametrize(("content", "same_time"), [(b"longer", True), (b"new", False)])
def test_a_file_that_is_renamed_and_edited_is_another(world: World, content: bytes, same_time: bool) -> None:
    """Its inode alone says little: the next file may have it when one is deleted."""
    path = world.put("a.mp3", b"old")
    os.utime(path, (5, 5))
    world.scan()
    new = path.rename(world.folder / "b.mp3")
    new.write_bytes(content)
    os.utime(new, (5, 5) if same_time else (6, 6))
    assert counts(world.scan()) == {"seen": 1, "new": 1, "missing": 1}


def test_a_copy_is_new_while_nobody_can_look_for_the_original(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.put("a/x.mp3")
    world.scan()
    shutil.copy2(path, world.folder / "copy.mp3")
    real = os.lstat

    def lstat(asked: bytes) -> os.stat_result:
        if asked == os.fsencode(path):
            raise PermissionError(13, "Permission denied")
        return real(asked)

    monkeypatch.setattr("viewra.library.move_detection.os.lstat", lstat)
    assert world.scan().counts.moved == 0
    assert str(path) in world.ids()


def test_a_file_whose_folder_became_a_file_has_moved(world: World) -> None:
    path = world.put("a/x.mp3")
    world.scan()
    ids = list(world.ids().values())
    path.rename(world.folder / "b.mp3")
    path.parent.rmdir()
    path.parent.touch()
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert list(world.ids().values()) == ids


def test_a_file_that_was_edited_with_its_times_kept_and_renamed_is_read_again(world: World) -> None:
    """As programs for tags do it that rename by tags and preserve timestamps; padding keeps the size."""
    scraper = world.hook.add_scraper()
    old = world.put("a.mp3", b"one")
    world.scan()
    ids = list(world.ids().values())
    before = old.stat()
    old.write_bytes(b"two")
    os.utime(old, ns=(before.st_atime_ns, before.st_mtime_ns))
    new = old.rename(old.with_name("b.mp3"))
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert list(world.ids().values()) == ids
    assert scraper.names == ["a.mp3", "b.mp3"]
    assert library.show(world.engine, str(new)).metadata["title"].value == "b"
    assert counts(world.scan(full=True)) == {"seen": 1, "unchanged": 1}


def test_a_copy_of_a_file_that_is_still_there_by_a_link_is_new(world: World) -> None:
    old = world.put("a/1.mp3")
    os.link(old, world.put("z/other.mp3").with_name("link.mp3"))
    world.scan()
    ids = world.ids()
    shutil.copy2(old, world.folder / "a" / "2.mp3")
    old.unlink()
    report = world.scan()
    assert (report.counts.new, report.counts.moved, report.counts.missing) == (1, 1, 0)
    assert world.ids()[str(world.folder / "z/link.mp3")] == ids[str(old)]
    assert world.rows("SELECT * FROM other_paths") == []
