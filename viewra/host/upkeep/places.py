"""Tells of which folders the kernel's notices are not enough: other machines change them, too.

The types are those of proc_filesystems(5) for network and shared file systems. FUSE is among them: what it shows may be
anywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from viewra.library.disks import Mount
from viewra.library.paths import display_bytes, is_within

_REMOTE = re.compile(
    rb"nfs4?|cifs|smb3?|smbfs|ncpfs|afs|coda|ceph|lustre|beegfs|orangefs|gfs2?|ocfs2|9p|virtiofs|vboxsf|vmhgfs|prl_fs"
    rb"|drvfs|davfs|fuse\b.*"
)


def why_not_enough(real: bytes, points: Mapping[bytes, Mount | None]) -> str | None:
    """The first file system of a library, at it or in it, that other machines may change; None if there is none.

    ``real`` is the library's real path, ``points`` are those of ``Mounts``.
    """
    at = real
    while at not in points and at != b"/":
        at = os.path.dirname(at)  # noqa: PTH120  (bytes)
    for point in (at, *sorted(point for point in points if point != real and is_within(point, real))):
        mount = points.get(point)
        if mount is not None and _REMOTE.fullmatch(mount.kind):
            kind = mount.kind.decode("ascii", "replace")
            return f"{display_bytes(point)} is of the type {kind}, which tells nothing of changes by other machines"
    return None


def mounts_in(real: bytes, points: Mapping[bytes, Mount | None]) -> dict[bytes, Mount | None]:
    """The file systems mounted at a library, in it, or above it."""
    return {point: mount for point, mount in points.items() if is_within(point, real) or is_within(real, point)}
