"""What is known of a regular file that was found, as ``stat`` says it."""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116, PTH119

from __future__ import annotations

import os
import stat
from typing import NamedTuple

_LARGEST = 2**63 - 1
"""Databases store signed 64-bit integers."""


EVIDENCE = slice(1, 6)
"""The attributes of a ``FoundFile`` that stay the same while the file is not changed."""


class FoundFile(NamedTuple):
    """A regular file, or a link to one: all attributes but ``name`` and ``is_link`` are those of the target.

    ``size`` in bytes, times in nanoseconds since the epoch; ``names`` is how many hard links the file has.
    """

    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    names: int
    is_link: bool = False

    @property
    def may_have_other_names(self) -> bool:
        """Whether the same file may also be found elsewhere."""
        return self.is_link or self.names > 1


def look_at_file(path: bytes) -> FoundFile | None:
    """The regular file at ``path``, or the link's target; None if there is none to examine."""
    try:
        is_link = stat.S_ISLNK(os.lstat(path).st_mode)
        info = os.stat(path)
    except OSError:
        return None
    return found_file(os.path.basename(path), info, is_link=is_link) if stat.S_ISREG(info.st_mode) else None


def found_file(name: bytes, info: os.stat_result, *, is_link: bool) -> FoundFile:
    """Make what is known of a file of its ``stat``."""
    mtime_ns, ctime_ns, device, inode = info.st_mtime_ns, info.st_ctime_ns, info.st_dev, info.st_ino
    if not (-_LARGEST <= mtime_ns <= _LARGEST and -_LARGEST <= ctime_ns <= _LARGEST):  # a wrong clock
        mtime_ns, ctime_ns = (max(-_LARGEST, min(_LARGEST, time_ns)) for time_ns in (mtime_ns, ctime_ns))
    if device > _LARGEST or inode > _LARGEST:
        device, inode = signed(device), signed(inode)
    return FoundFile(name, info.st_size, mtime_ns, ctime_ns, device, inode, info.st_nlink, is_link)


def signed(number: int) -> int:
    """A device or inode number as a signed 64-bit integer."""
    return number if number <= _LARGEST else number - 2**64
