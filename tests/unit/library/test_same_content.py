"""Files with the same content and time: which of them is which after a move."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_mounts import disks  # noqa: F401  (a fixture)
from tests.unit.library.test_scan import counts
from tests.unit.library.unmounting import Disks


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


def put_alike(world: World, *names: str) -> dict[str, int]:
    """Files with the same content and time, scanned; their ids by name."""
    for name in names:
        os.utime(world.put(name, b"the same"), (5, 5))
    world.scan()
    return ids(world)


def ids(world: World) -> dict[str, int]:
    return {os.path.relpath(path, world.folder): file_id for path, file_id in world.ids().items()}


def test_each_is_known_by_its_inode(world: World) -> None:
    before = put_alike(world, "a.mp3", "b.mp3")
    for old, new in [("a.mp3", "y.mp3"), ("b.mp3", "x.mp3")]:
        (world.folder / old).rename(world.folder / new)
    assert counts(world.scan()) == {"seen": 2, "moved": 2}
    assert ids(world) == {"y.mp3": before["a.mp3"], "x.mp3": before["b.mp3"]}


def test_one_new_file_is_only_one_of_those_that_are_gone(world: World) -> None:
    before = put_alike(world, "a.mp3", "b.mp3")
    (world.folder / "a.mp3").unlink()
    (world.folder / "b.mp3").rename(world.folder / "c.mp3")
    assert counts(world.scan()) == {"seen": 1, "moved": 1, "missing": 1}
    assert ids(world)["c.mp3"] == before["b.mp3"]


def test_a_copy_of_a_file_that_moved_is_new(world: World) -> None:
    before = put_alike(world, "a.mp3")
    moved = (world.folder / "a.mp3").rename(world.folder / "b.mp3")
    shutil.copy2(moved, world.folder / "c.mp3")
    assert counts(world.scan()) == {"seen": 2, "moved": 1, "new": 1}
    assert ids(world)["b.mp3"] == before["a.mp3"]


@pytest.mark.parametrize(
    ("known", "copy"),
    [("Caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp3", "Cafe\N{COMBINING ACUTE ACCENT}.mp3"), ("A.mp3", "a.mp3")],
)
def test_a_copy_whose_name_is_spelled_otherwise_is_new(world: World, known: str, copy: str) -> None:
    path = world.put(known)
    world.scan()
    shutil.copy2(path, world.folder / copy)
    assert counts(world.scan()) == {"seen": 2, "new": 1, "unchanged": 1}


def test_those_of_a_disk_that_is_mounted_elsewhere_are_known_by_their_inodes(
    world: World,
    disks: Disks,  # noqa: F811
) -> None:
    """Its own number changes; their folders were renamed there, so that the last comes first."""
    first, second = world.folder / "first", world.folder / "second"
    folders = ["1", "2", "3"]
    for folder in folders:
        os.utime(world.put(f"first/{folder}/x.mp3", b"the same"), (5, 5))
    disks.mount(first)
    world.scan()
    before = ids(world)
    disks.unmount(first)
    disks.mount_again_at(first, second)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE media_files SET device = device + 1")
    for folder, now in zip(folders, "cba", strict=True):
        (second / folder).rename(second / now)
    assert counts(world.scan()) == {"seen": 3, "moved": 3}
    assert ids(world) == {
        f"second/{now}/x.mp3": before[f"first/{folder}/x.mp3"] for folder, now in zip(folders, "cba", strict=True)
    }


def test_an_inode_of_another_disk_says_nothing(world: World) -> None:
    old = world.put("a.mp3", b"one")
    os.utime(old, (5, 5))
    world.scan()
    old.unlink()
    new: Path = world.put("b.mp3", b"two")
    os.utime(new, (5, 5))
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE media_files SET device = device + 1, inode = {new.stat().st_ino}")
    assert counts(world.scan()) == {"seen": 1, "new": 1, "missing": 1}
