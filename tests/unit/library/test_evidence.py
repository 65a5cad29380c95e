"""What tells whether a file is the one that was at its place: device, inode, times, content and name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts


def test_swapped_names_are_noticed(world: World) -> None:
    scraper = world.hook.add_scraper()
    first, second = world.put("a.mp3", b"one"), world.put("b.mp3", b"two")
    for path in (first, second):
        os.utime(path, (5, 5))
    world.scan()
    first.rename(world.folder / "c")
    second.rename(first)
    (world.folder / "c").rename(second)
    assert counts(world.scan()) == {"seen": 2, "changed": 2}
    assert sorted(scraper.names) == ["a.mp3", "a.mp3", "b.mp3", "b.mp3"]
    assert counts(world.scan()) == {"seen": 2, "unchanged": 2}


def test_an_edit_whose_time_was_put_back_is_noticed(world: World) -> None:
    path = world.put("a.mp3", b"one")
    before = path.stat()
    world.scan()
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert counts(world.scan()) == {"seen": 1, "changed": 1}


def test_a_disk_restored_from_a_backup_is_not_read_again(world: World, tmp_path: Path) -> None:
    scraper = world.hook.add_scraper()
    for number in range(50):
        world.put(f"{number % 5}/{number}.mp3")
    world.scan()
    ids = world.ids()
    shutil.copytree(world.folder, tmp_path / "copy")
    shutil.rmtree(world.folder)
    (tmp_path / "copy").rename(world.folder)
    assert counts(world.scan()) == {"seen": 50, "unchanged": 50}
    assert (world.ids(), len(scraper.names)) == (ids, 50)
    inodes = {row.inode for row in world.rows("SELECT inode FROM media_files")}
    assert inodes == {path.stat().st_ino for path in world.folder.rglob("*.mp3")}


def test_rows_without_evidence_get_it_without_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scraper = world.hook.add_scraper()
    world.put("a.mp3")
    world.scan()
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_files SET ctime_ns = NULL")
        connection.exec_driver_sql("UPDATE directories SET device = NULL, mount = NULL")
    monkeypatch.setattr("viewra.library.intake.fingerprint", lambda *_: pytest.fail("the file was read"))
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1}
    assert scraper.names == ["a.mp3"]
    (row,) = world.rows("SELECT ctime_ns, device FROM media_files")
    (place,) = world.rows("SELECT device, mount FROM directories")
    assert row.ctime_ns == (world.folder / "a.mp3").stat().st_ctime_ns
    assert (place.device, bool(place.mount)) == (row.device, True)


@pytest.mark.parametrize(("before", "after"), [("Café", "CAFÉ"), ("Caf\u00e9", "Cafe\u0301")])
def test_names_that_are_only_spelled_anew(world: World, before: str, after: str) -> None:
    world.put(f"{before}/{before}.mp3")
    world.scan()
    ids = set(world.ids().values())
    (world.folder / before).rename(world.folder / after)
    (world.folder / after / f"{before}.mp3").rename(world.folder / after / f"{after}.mp3")
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert set(world.ids().values()) == ids


def test_a_name_spelled_anew_where_both_names_find_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not mind case: the old name still finds the file."""
    path = world.put("a.mp3")
    world.scan()
    ids = set(world.ids().values())
    new = path.rename(world.folder / "A.mp3")
    real = os.lstat

    def lstat(asked: str | bytes) -> os.stat_result:
        return real(os.fsencode(new) if asked == os.fsencode(path) else asked)

    monkeypatch.setattr("viewra.library.move_detection.os.lstat", lstat)
    assert counts(world.scan()) == {"seen": 1, "moved": 1}
    assert set(world.ids().values()) == ids


def test_thousands_of_files_alike_cost_one_look_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2_000
    for number in range(count):
        os.utime(world.put(f"old/{number}.mp3", b"alike"), (1, 1))
    world.scan()
    shutil.copytree(world.folder / "old", world.folder / "new")
    shutil.rmtree(world.folder / "old")
    looks: list[str | bytes] = []
    real = os.lstat

    def lstat(path: str | bytes) -> os.stat_result:
        looks.append(path)
        return real(path)

    monkeypatch.setattr("viewra.library.move_detection.os.lstat", lstat)
    assert counts(world.scan()) == {"seen": count, "moved": count}
    assert len(looks) <= 2 * count


def test_a_rename_storm_can_be_cancelled_inside_a_batch(world: World) -> None:
    import threading

    for number in range(400):
        os.utime(world.put(f"old/{number}.mp3", b"alike"), (1, 1))
    world.scan()
    (world.folder / "old").rename(world.folder / "new")
    cancel = threading.Event()
    cancel.set()
    assert world.scan(cancel=cancel).counts.moved == 0
    assert counts(world.scan()) == {"seen": 400, "moved": 400}
