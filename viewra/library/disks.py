"""Tells file systems apart that are mounted at the same place at different times, as when a USB disk is exchanged.

Device numbers do not: the kernel gives each disk in turn the first that is free.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable
from pathlib import Path

import attrs

BY_UUID = Path("/dev/disk/by-uuid")
MACHINE_ID = Path("/etc/machine-id")

_WITH_OWN_ID = frozenset({b"ext2", b"ext3", b"ext4", b"btrfs", b"tmpfs"})
"""The types whose ``f_fsid`` (statfs(2)) comes from the file system itself; others derive it from the device."""

_NAMED = frozenset({b"zfs", b"ceph", b"9p", b"virtiofs"})
"""The types whose source is a name of what is mounted; network file systems show by a colon or two slashes."""


@attrs.frozen
class Mount:
    """A line of ``/proc/self/mountinfo``: what is mounted (a device or the like), its type, and which folder of it."""

    source: bytes
    kind: bytes
    root: bytes


def disk_of(point: bytes, mount: Mount) -> str | None:
    """What is mounted at ``point``, as a text that stays the same when it is mounted again; None if unknown.

    The text begins with a word for this machine: what is a disk here may be a network file system elsewhere.
    """
    found = _uuid_of(mount.source)
    if found is None and mount.kind in _WITH_OWN_ID:
        with contextlib.suppress(OSError):
            found = f"{os.statvfs(point).f_fsid:x}"
    if found is None and (mount.kind in _NAMED or b":" in mount.source or mount.source.startswith(b"//")):
        found = os.fsdecode(mount.source)
    name = f"{found} {os.fsdecode(mount.root)}"
    return None if found is None else f"{_machine()} {name!a}"


@functools.cache
def _machine() -> str:
    try:
        return MACHINE_ID.read_text("ascii").strip()[:8] or "-"
    except (OSError, ValueError):
        return "-"


def _uuid_of(source: bytes) -> str | None:
    """The UUID or serial number of the file system on a block device, by udev's links."""
    if not source.startswith(b"/dev/"):
        return None
    with contextlib.suppress(OSError):
        device = os.stat(source).st_rdev  # noqa: PTH116  (bytes)
        with os.scandir(BY_UUID) as links:
            for link in links:
                with contextlib.suppress(OSError):
                    if link.stat().st_rdev == device:
                        return link.name
    return None


def joined(disks: Iterable[str]) -> str | None:
    """Disks as one column of the database has them; None if there are none."""
    return "\n".join(sorted(disks)) or None


def others(text: str | None, now: str | None) -> frozenset[str]:
    """The disks of a text that ``joined`` made, but for the present one and those that other machines named."""
    if not text or now is None:
        return frozenset()
    machine = now.partition(" ")[0]
    return frozenset(one for one in text.split("\n") if one.partition(" ")[0] == machine) - {now}
