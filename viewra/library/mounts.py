"""Reads where file systems are mounted, to tell an empty mount point from an emptied folder.

Facts about ``/proc/self/mountinfo`` are from proc_pid_mountinfo(5): the fifth field is the mount point, with space,
tab, newline and backslash as three octal digits, and the first one after ``-`` is the type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from viewra.library.paths import folder_of, is_within

MOUNTINFO = Path("/proc/self/mountinfo")

_ESCAPE = re.compile(rb"\\([0-7]{3})")
_TRIGGER = b"autofs"
"""The type of an automount point: with nothing mounted on it the folder is empty."""


class Mounts:
    """The mount points of one moment, as real paths; ``look_again`` adds later ones."""

    def __init__(self, points: Iterable[bytes], look: Callable[[], Mounts] | None = None) -> None:
        """``look`` returns those of a later moment."""
        self.points = frozenset(points) | {b"/"}
        self._look = look

    @classmethod
    def current(cls) -> Mounts:
        """The present mount points; only the root if the system does not tell."""
        try:
            lines = MOUNTINFO.read_bytes().splitlines()
        except OSError:
            lines = []
        return cls((point for line in lines if (point := _mounted(line)) is not None), cls.current)

    def look_again(self) -> None:
        """Add file systems that were mounted meanwhile."""
        if self._look is not None:
            self.points |= self._look().points

    def later(self) -> Mounts:
        """The mount points that are still mounted."""
        return self if self._look is None else Mounts(self.points & self._look().points)

    def holding(self, path: bytes) -> bytes:
        """The mount point of the file system that contains the real path ``path``."""
        while path not in self.points:
            path = folder_of(path)
        return path

    def is_point(self, path: bytes) -> bool:
        """Whether a file system is mounted at this real path."""
        return path in self.points

    def is_lost(self, mount: bytes | None, now: bytes | None) -> bool:
        """Whether the file system of ``mount`` is not mounted, so that ``now`` is the folder beneath it."""
        return mount is not None and mount not in self.points and (now is None or is_within(mount, now))


def _mounted(line: bytes) -> bytes | None:
    fields, _, source = line.partition(b" - ")
    parts = fields.split(b" ")
    if len(parts) < 5 or source.split(b" ")[0] == _TRIGGER:
        return None
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), os.fsencode(parts[4]))
