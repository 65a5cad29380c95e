"""Disks that are exchanged: another one is mounted at the same place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_mount_points import mounted
from tests.unit.library.test_mounts import disks, lost  # noqa: F401  (a fixture)
from tests.unit.library.test_scan import counts
from tests.unit.library.unmounting import Disks
from viewra import library
from viewra.library import disks as disks_module
from viewra.library.disks import Mount, disk_of
from viewra.library.mounts import Mounts
from viewra.types import ScanReport


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


def exchanged(report: ScanReport) -> list[str]:
    """The failures that say that another disk is mounted."""
    return [one.error for one in report.failures if one.error.startswith("another disk is mounted")]


@pytest.fixture
def stick(world: World, disks: Disks) -> Path:  # noqa: F811
    """A place with the disk A, which has two files of its own and one that is in the same folder on each disk."""
    folder = world.folder / "stick"
    world.put("stick/a/one.mp3")
    world.put("stick/two.mp3")
    world.put("other.mp3")
    disks.mount(folder, "A")
    world.scan()
    return folder


def put_b(world: World) -> None:
    world.put("stick/b/three.mp3")
    world.put("stick/four.mp3")


def test_the_files_of_each_disk_stay_while_the_other_is_mounted(world: World, disks: Disks, stick: Path) -> None:  # noqa: F811
    ids = world.ids()
    disks.exchange(stick, "A", "B")
    put_b(world)
    for new in (2, 0):
        report = world.scan()
        assert (report.counts.missing, report.counts.new) == (0, new)
        (said,) = exchanged(report)
        assert said == (
            f"another disk is mounted at {stick} than the one with 2 files, kept as known; mount that, or, if it is "
            f"gone for good: viewra library purge --gone {stick}"
        )
    ids_of_both = world.ids()
    assert ids.items() < ids_of_both.items()
    for old, new_disk in (("B", "A"), ("A", "B"), ("B", "A")):
        disks.exchange(stick, old, new_disk)
        assert len(exchanged(world.scan())) == 1
        assert world.ids() == ids_of_both


def test_a_disk_that_replaced_another_is_known_as_that_when_all_is_there(
    world: World,
    disks: Disks,  # noqa: F811
    stick: Path,
) -> None:
    ids = world.ids()
    disks.mount(stick, "copy of A")
    assert counts(world.scan()) == {"seen": 3, "unchanged": 3}
    (stick / "two.mp3").unlink()
    shutil.rmtree(stick / "a")
    report = world.scan()
    assert (exchanged(report), report.counts.missing) == ([], 2)
    assert len(world.ids()) == len(ids) - 2


def test_what_is_forgotten_of_the_other_disk_is_not_named_again(world: World, disks: Disks, stick: Path) -> None:  # noqa: F811
    disks.exchange(stick, "A", "B")
    put_b(world)
    world.scan()
    assert library.purge_gone(world.engine, str(stick)) == 2
    assert exchanged(world.scan()) == []
    (stick / "four.mp3").unlink()
    report = world.scan()
    assert (exchanged(report), report.counts.missing) == ([], 1)


def test_files_that_moved_within_a_copy_are_found_and_not_named(world: World, disks: Disks, stick: Path) -> None:  # noqa: F811
    ids = world.ids()
    disks.mount(stick, "copy of A")
    (stick / "two.mp3").rename(stick / "renamed.mp3")
    report = world.scan()
    assert (exchanged(report), report.counts.moved, report.counts.missing) == ([], 1, 0)
    assert world.ids()[str(stick / "renamed.mp3")] == ids[str(stick / "two.mp3")]


def test_a_disk_that_cannot_be_told_from_others_is_as_before(world: World, disks: Disks, stick: Path) -> None:  # noqa: F811
    disks.mount(stick)
    (stick / "two.mp3").unlink()
    assert world.scan().counts.missing == 1


def test_another_machine_may_name_the_same_disk_otherwise(
    world: World,
    disks: Disks,  # noqa: F811
    stick: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where the hosts of one database are the server of a disk and its clients."""
    monkeypatch.setattr(disks_module, "_machine", lambda: "other")
    disks.mount(stick, "server:/A")
    (stick / "two.mp3").unlink()
    report = world.scan()
    assert (exchanged(report), report.counts.missing) == ([], 1)
    shutil.rmtree(stick / "a")
    monkeypatch.undo()
    monkeypatch.setattr(Mounts, "current", classmethod(lambda _: Mounts(disks.points)))
    disks.mount(stick, "A")
    report = world.scan()
    assert (exchanged(report), report.counts.missing) == ([], 1)


def test_real_disks_are_told_apart(world: World) -> None:
    place = world.folder / "disk"
    place.mkdir()
    with mounted(place, "-t", "tmpfs", "tmpfs"):
        world.put("disk/one.mp3")
        world.put("two.mp3")
        world.scan()
        first = Mounts.current().disk_at(os.fsencode(place))
    ids = world.ids()
    with mounted(place, "-t", "tmpfs", "tmpfs"):
        assert Mounts.current().disk_at(os.fsencode(place)) not in {first, None}
        report = world.scan()
        assert (report.counts.missing, len(exchanged(report)), world.ids()) == (0, 1, ids)
    assert lost(world.scan()) == [str(place)]


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        (Mount(b"nas:/music", b"nfs4", b"/"), "'nas:/music /'"),
        (Mount(b"//nas/music", b"cifs", b"/rock"), "'//nas/music /rock'"),
        (Mount(b"pool/music", b"zfs", b"/"), "'pool/music /'"),
        (Mount(b"/dev/there", b"vfat", b"/"), "'70DA-77FF /'"),
        (Mount(b"/dev/absent", b"vfat", b"/"), None),
        (Mount(b"overlay", b"overlay", b"/"), None),
    ],
    ids=lambda value: value.kind.decode() if isinstance(value, Mount) else None,
)
def test_what_names_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mount: Mount, expected: str | None) -> None:
    monkeypatch.setattr(disks_module, "BY_UUID", tmp_path)
    monkeypatch.setattr(disks_module, "_machine", lambda: "here")
    (tmp_path / "70DA-77FF").symlink_to("/dev/null")
    (tmp_path / "gone").symlink_to("/dev/does-not-exist")
    if mount.source == b"/dev/there":
        mount = Mount(b"/dev/null", b"vfat", b"/")
    assert disk_of(b"/", mount) == (expected and f"here {expected}")
