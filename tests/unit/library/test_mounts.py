"""Disks that are not mounted: with fake mount points, and with real ones if the machine allows it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.unit.library.conftest import World
from tests.unit.library.test_scan import counts
from tests.unit.library.unmounting import Disks
from viewra import library
from viewra.errors import ViewraError
from viewra.library.mounts import Mounts
from viewra.types import ScanReport


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disks:
    made = Disks(tmp_path / "shelf")
    monkeypatch.setattr(Mounts, "current", classmethod(lambda _: Mounts(made.points)))
    return made


def lost(report: ScanReport) -> list[str]:
    """The mount points that a report says are not mounted."""
    return [
        failure.error.split(" is not mounted")[0] for failure in report.failures if "is not mounted" in failure.error
    ]


@pytest.mark.parametrize("inside", [[], [".keep"], ["lost+found/"], ["README.txt"], ["other.mp3"]])
def test_a_disk_below_the_library_loses_nothing(world: World, disks: Disks, inside: list[str]) -> None:
    nas = world.folder / "nas"
    world.put("nas/artist/album/a.mp3")
    world.put("nas/b.mp3")
    world.put("c.mp3")
    disks.mount(nas)
    world.scan()
    ids = world.ids()
    disks.unmount(nas)
    for name in inside:
        (nas / name).mkdir() if name.endswith("/") else (nas / name).touch()
    report = world.scan()
    assert (report.counts.missing, report.counts.unchanged) == (0, 1)
    assert lost(report) == [str(nas)]
    assert ids.items() <= world.ids().items()
    (failure,) = report.failures
    assert "2 files" in failure.error
    assert f"viewra library purge --gone {nas}" in failure.error
    assert lost(world.scan()) == [str(nas)], "it is said each time"
    disks.mount_again(nas)
    again = world.scan()
    assert (lost(again), again.counts.unchanged) == ([], 3)
    assert ids.items() <= world.ids().items()


def test_a_mount_point_that_is_not_even_there(world: World, disks: Disks) -> None:
    """As where a desktop makes the folder of a USB stick when it comes and removes it when it goes."""
    stick = world.folder / "stick"
    world.put("stick/deep/a.mp3")
    world.put("b.mp3")
    disks.mount(stick)
    world.scan()
    disks.unmount(stick)
    stick.rmdir()
    report = world.scan()
    assert (report.counts.missing, lost(report)) == (0, [str(stick)])
    assert [one.path for one in report.failures] == [str(stick)], "not the folder in it that had all of its files"


def test_files_that_were_missing_before_are_not_of_those_that_stay(world: World, disks: Disks) -> None:
    stick = world.folder / "stick"
    gone = world.put("stick/a.mp3")
    world.put("stick/b.mp3")
    disks.mount(stick)
    world.scan()
    gone.unlink()
    assert world.scan().counts.missing == 1
    disks.unmount(stick)
    stick.rmdir()
    (failure,) = world.scan().failures
    assert "(1 file)" in failure.error


def test_a_disk_whose_files_were_purged_is_not_named_again(world: World, disks: Disks) -> None:
    stick = world.folder / "stick"
    world.put("stick/deep/a.mp3")
    world.put("b.mp3")
    disks.mount(stick)
    world.scan()
    disks.unmount(stick)
    stick.rmdir()
    assert lost(world.scan()) == [str(stick)]
    assert library.purge_gone(world.engine, str(stick)) == 1
    assert lost(world.scan()) == []
    assert lost(world.scan()) == []


def test_a_disk_behind_a_link_loses_nothing(world: World, disks: Disks, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    world.put("music/a.mp3", folder=disk)
    world.put("music/deep/c.mp3", folder=disk)
    world.put("b.mp3")
    (world.folder / "link").symlink_to(disk / "music")
    disks.mount(disk)
    world.scan()
    ids = world.ids()
    disks.unmount(disk)
    report = world.scan()
    assert (report.counts.missing, world.ids()) == (0, ids)
    assert {one.path for one in report.failures} == {str(world.folder / "link")}, "a folder of the library"
    (disk / "music").mkdir()  # a folder of the same name lies beneath
    report = world.scan()
    assert (report.counts.missing, lost(report), world.ids()) == (0, [str(disk)], ids)


@pytest.mark.parametrize("inside", [[], [".keep"], ["lost+found/"]])
@pytest.mark.parametrize("above", [False, True])
def test_a_library_that_is_an_empty_mount_point_is_an_error(
    world: World, disks: Disks, inside: list[str], above: bool
) -> None:
    world.put("a.mp3")
    disks.mount(world.folder.parent if above else world.folder)
    world.scan()
    ids = world.ids()
    if above:
        disks.points.clear()
        (world.folder / "a.mp3").unlink()
    else:
        disks.unmount(world.folder)
    for name in inside:
        (world.folder / name).mkdir() if name.endswith("/") else (world.folder / name).touch()
    with pytest.raises(ViewraError, match="is it mounted"):
        world.scan()
    assert world.ids() == ids


def test_a_file_that_was_deleted_on_a_disk_that_is_there_is_missing(world: World, disks: Disks) -> None:
    path = world.put("nas/a.mp3")
    world.put("nas/b.mp3")
    disks.mount(world.folder / "nas")
    world.scan()
    path.unlink()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}


def test_files_that_were_taken_from_a_disk_into_its_mount_point(world: World, disks: Disks) -> None:
    """The disk was retired: all is found, so the folder is now on the disk around it."""
    world.put("nas/a.mp3")
    world.put("nas/b.mp3")
    disks.mount(world.folder / "nas")
    world.scan()
    disks.points.clear()
    assert counts(world.scan()) == {"seen": 2, "unchanged": 2}
    (world.folder / "nas" / "a.mp3").unlink()
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}


def test_a_disk_that_is_mounted_elsewhere_is_no_lost_one(world: World, disks: Disks, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    world.put("a.mp3", folder=disk)
    world.put("b.mp3", folder=disk)
    (world.folder / "link").symlink_to(disk)
    disks.mount(disk)
    world.scan()
    disks.points.clear()
    disk.rename(tmp_path / "disk2")
    (tmp_path / "disk2" / "a.mp3").unlink()
    disks.mount(tmp_path / "disk2")
    (world.folder / "link").unlink()
    (world.folder / "link").symlink_to(tmp_path / "disk2")
    assert counts(world.scan()) == {"seen": 1, "unchanged": 1, "missing": 1}


@pytest.mark.parametrize("numbered", ["as before", "anew", "anew, and its files too"])
def test_a_disk_that_is_mounted_at_another_point_of_the_library(world: World, disks: Disks, numbered: str) -> None:
    """Its number may change with that, and on FAT those of its files."""
    scraper = world.hook.add_scraper()
    first, second = world.folder / "first", world.folder / "second"
    for name in ("a.mp3", "in/b.mp3", "in/c.mp3"):
        world.put(f"first/{name}")
    world.put("d.mp3")
    disks.mount(first)
    world.scan()
    ids = world.ids()
    disks.unmount(first)
    disks.mount_again_at(first, second)
    (second / "in/c.mp3").unlink()
    if numbered != "as before":
        also = ", inode = inode + 1" if "too" in numbered else ""
        with world.engine.begin() as connection:
            connection.execute(
                sa.text(f"UPDATE media_files SET device = device + 1{also} WHERE path_text LIKE '%first%'")
            )
    report = world.scan()
    assert counts(report) == {"seen": 3, "unchanged": 1, "moved": 2}
    assert lost(report) == [str(first)], "the one that is not on the disk any more stays as it is"
    assert world.ids() == {
        path.replace("first/in/b", "second/in/b").replace("first/a", "second/a"): file_id
        for path, file_id in ids.items()
    }
    assert len(scraper.names) == 4, "nothing is read again"
    disks.unmount(second)
    disks.mount_again_at(second, first)
    assert counts(world.scan()) == {"seen": 3, "unchanged": 1, "moved": 2, "missing": 1}


def test_files_of_a_disk_that_is_gone_for_good_are_purged_by_hand(world: World, disks: Disks) -> None:
    nas = world.folder / "nas"
    world.put("nas/a.mp3")
    world.put("c.mp3")
    disks.mount(nas)
    world.scan()
    disks.unmount(nas)
    world.scan()
    assert library.purge_gone(world.engine, str(nas)) == 1
    report = world.scan()
    assert (counts(report), report.failures) == ({"seen": 1, "unchanged": 1}, ())


def test_a_copy_of_a_file_on_a_lost_disk_is_not_that_file(world: World, disks: Disks) -> None:
    path = world.put("nas/a.mp3")
    disks.mount(world.folder / "nas")
    world.scan()
    ids = world.ids()
    shutil.copy2(path, world.folder / "copy.mp3")
    disks.unmount(world.folder / "nas")
    assert world.scan().counts.new == 1
    assert ids.items() <= world.ids().items()


def test_a_file_of_another_disk_with_the_same_number_is_not_one_of_a_lost_disk(world: World, disks: Disks) -> None:
    path = world.put("nas/a.mp3", b"one")
    os.utime(path, (5, 5))
    disks.mount(world.folder / "nas")
    world.scan()
    ids = world.ids()
    disks.unmount(world.folder / "nas")
    other = world.put("stick/a.mp3", b"two")
    os.utime(other, (5, 5))
    disks.mount(world.folder / "stick")
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE media_files SET device = device + 1, inode = {other.stat().st_ino}")
    assert world.scan().counts.new == 1
    assert ids.items() <= world.ids().items()


def test_missing_files_of_a_lost_disk_are_not_forgotten(world: World, disks: Disks) -> None:
    path = world.put("nas/a.mp3")
    world.put("nas/b.mp3")
    disks.mount(world.folder / "nas")
    world.scan()
    path.unlink()
    world.scan()
    disks.unmount(world.folder / "nas")
    library.change_settings(world.engine, str(world.folder), {"missing_keep": "0"})
    for _ in range(2):
        assert world.scan().counts.deleted == 0
