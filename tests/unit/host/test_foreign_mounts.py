"""File systems that would refuse a plugin's own user are detected by their type."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.host.running.foreign_mounts import foreign_mount

MOUNTS = r"""
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /music rw,relatime - nfs4 nas:/music rw,vers=4.2
24 22 0:22 / /mnt/films\040and\040more rw - fuse.mergerfs pool rw,allow_other
25 22 0:23 / /mnt/disk rw - xfs /dev/sdb rw
26 25 0:24 / /mnt/disk/cloud rw - fuse.rclone cloud rw
27 22 0:25 / /mnt/share rw - cifs //nas/share rw
28 22 0:26 / /ctl rw - fusectl fusectl rw
malformed
short - nfs4 nas:/ rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/music", None),
        ("/music", "nfs4"),
        ("/music/Bach", "nfs4"),
        ("/musical", None),
        ("/mnt/films and more/a", "fuse.mergerfs"),
        ("/mnt/disk", "fuse.rclone"),
        ("/mnt/disk/local", None),
        ("/mnt/share", None),
        ("/ctl", None),
        ("/mnt", "fuse.mergerfs"),
    ],
)
def test_what_is_mounted_decides(tmp_path: Path, path: str, kind: str | None) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(MOUNTS)
    assert foreign_mount(["/srv", path], mountinfo) == (None if kind is None else (path, kind))


def test_a_path_below_no_mount_point_is_on_none_of_them(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text("23 22 0:21 / /music rw,relatime - nfs4 nas:/music rw\n")
    assert foreign_mount(["/srv"], mountinfo) is None


def test_nothing_is_foreign_where_the_system_does_not_tell(tmp_path: Path) -> None:
    assert foreign_mount(["/music"], tmp_path / "none") is None
