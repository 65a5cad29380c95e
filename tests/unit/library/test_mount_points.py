"""Which mount points there are, and real mounts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.library.conftest import World
from tests.unit.library.test_mounts import lost
from tests.unit.library.test_scan import counts
from viewra.library import mounts as mounts_module
from viewra.library.mounts import Mounts


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """These tests are about folders: it makes no difference which database the files are in."""
    return sqlite_url


def test_a_disk_that_goes_while_it_is_scanned(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nas = world.folder / "nas"
    world.put("nas/a.mp3")
    points = {os.fsencode(nas)}
    monkeypatch.setattr(Mounts, "current", classmethod(lambda _: Mounts(points, lambda: Mounts(()))))
    world.scan()
    (nas / "a.mp3").unlink()
    report = world.scan()
    assert (report.counts.missing, lost(report)) == (0, [str(nas)])


def test_what_was_mounted_since_the_scan_began_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an automounter does, when the walk enters the folder."""
    looks = []
    real = Mounts.current()
    monkeypatch.setattr(real, "look_again", lambda: looks.append(1))
    from viewra.library.walk import Walk, _Listing, _Step

    world.put("a.mp3")
    folder = os.fsencode(world.folder)
    walk = Walk(folder, folder, bool, mounts=real)
    _Listing(_Step(folder, folder, walk.rules, walk.around(walk.rules, b"/", -1)), walk, 7, folder)
    assert looks == [1]


def test_mount_points_are_read_as_the_kernel_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(
        b"22 1 0:21 / / rw shared:1 - ext4 /dev/root rw\n"
        b"30 22 0:40 / /mnt/my\\040music\\134x rw - nfs4 nas:/music rw\n"
        b"31 22 0:41 / /mnt/waits rw - autofs systemd-1 rw\n"
        b"32 22 0:42 / /mnt/caf\xe9 rw - vfat /dev/sdb1 rw\n"
        b"nonsense\n"
    )
    monkeypatch.setattr(mounts_module, "MOUNTINFO", table)
    mounts = Mounts.current()
    assert mounts.points.keys() == {b"/", b"/mnt/my music\\x", b"/mnt/caf\xe9"}
    assert mounts.holding(b"/mnt/my music\\x/a/b") == b"/mnt/my music\\x"
    assert mounts.holding(b"/mnt/waits/a") == b"/"
    monkeypatch.setattr(mounts_module, "MOUNTINFO", tmp_path / "none")
    assert Mounts.current().points.keys() == {b"/"}


@contextmanager
def mounted(folder: Path, *command: str) -> Iterator[None]:
    """Mount something for real, or skip where that is not allowed."""
    done = subprocess.run(["mount", *command, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount command")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_real_mounts(world: World, tmp_path: Path, kind: str) -> None:
    """A bind mount of a folder on the same disk has the device of what lies beneath: only the mount table tells."""
    nas, source = world.folder / "nas", tmp_path / "source"
    nas.mkdir()
    source.mkdir()
    (nas / ".keep").touch()
    world.put("b.mp3")
    command = ("-t", "tmpfs", "none") if kind == "tmpfs" else ("--bind", str(source))
    with mounted(nas, *command):
        world.put("nas/album/a.mp3")
        os.utime(nas / "album" / "a.mp3", (9, 9))
        assert world.scan().counts.new == 2
    ids = world.ids()
    report = world.scan()
    assert (report.counts.missing, lost(report), world.ids()) == (0, [str(nas)], ids)
    with mounted(nas, *command):
        world.put("nas/album/a.mp3")
        os.utime(nas / "album" / "a.mp3", (9, 9))
        assert counts(world.scan()) == {"seen": 2, "unchanged": 2}, "another device number is the same disk"
    assert world.ids() == ids
