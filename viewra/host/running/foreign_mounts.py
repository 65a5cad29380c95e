"""Finds granted folders on file systems that decide access by the user id alone.

Such a file system refuses a plugin's own user even if the kernel allows access: an NFS server does not know the user's
capabilities, and a FUSE mount without ``allow_other`` admits only the user who mounted it. Sources:
proc_pid_mountinfo(5), nfs(5) and mount.fuse3(8).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_TYPES = re.compile(rb"fuse\b.*|nfs4?|9p|virtiofs|ceph|afs|lustre|beegfs|orangefs|coda")
_ESCAPE = re.compile(rb"\\([0-7]{3})")
_MOUNTINFO = Path("/proc/self/mountinfo")


def foreign_mount(paths: Sequence[str], mountinfo: Path = _MOUNTINFO) -> tuple[str, str] | None:
    """The first of these folders that is on such a file system, and its type; None if there is none.

    File systems mounted below a folder count, too.
    """
    if not paths:
        return None
    try:
        mounts = dict(filter(None, map(_mounted, mountinfo.read_bytes().splitlines())))
    except OSError:
        return None
    for path in paths:
        real = os.path.realpath(os.fsencode(path))
        at = real
        while at not in mounts and at != b"/":
            at = at.rpartition(b"/")[0] or b"/"
        inside = (kind for point, kind in mounts.items() if point.startswith(real.rstrip(b"/") + b"/"))
        for kind in (mounts.get(at, b""), *inside):
            if _TYPES.fullmatch(kind):
                return path, kind.decode("ascii", "replace")
    return None


def _mounted(line: bytes) -> tuple[bytes, bytes] | None:
    """The mount point and the file system's type in one line of mountinfo."""
    fields, _, source = line.partition(b" - ")
    parts, kind = fields.split(b" "), source.split(b" ")[0]
    if len(parts) < 5 or not kind:
        return None
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), parts[4]), kind
