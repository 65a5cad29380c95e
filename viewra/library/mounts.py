"""Reads where file systems are mounted, to tell an empty mount point from an emptied folder.

Facts about ``/proc/self/mountinfo`` are from proc_pid_mountinfo(5): the fifth field is the mount point, with space,
tab, newline and backslash as three octal digits, the fourth the folder of the file system that is mounted there, and
the first two after ``-`` are the type and the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from viewra.library.disks import Mount, disk_of
from viewra.library.paths import folder_of, is_within

MOUNTINFO = Path("/proc/self/mountinfo")

_ESCAPE = re.compile(rb"\\([0-7]{3})")
_TRIGGER = b"autofs"
"""The type of an automount point: with nothing mounted on it the folder is empty."""


class Mounts:
    """The mount points of one moment, as real paths; ``look_again`` adds later ones."""

    def __init__(
        self,
        points: Iterable[bytes] | Mapping[bytes, Mount | None],
        look: Callable[[], Mounts] | None = None,
        tell: Callable[[bytes, Mount], str | None] = disk_of,
    ) -> None:
        """``points`` may say what is mounted there; ``look`` returns those of a later moment.

        ``tell`` returns which disk is mounted, as ``disk_of`` does.
        """
        self.points: dict[bytes, Mount | None] = {b"/": None}
        self.points |= points if isinstance(points, Mapping) else dict.fromkeys(points)
        self._look = look
        self._tell = tell
        self._disks: dict[bytes, str | None] = {}

    @classmethod
    def current(cls) -> Mounts:
        """The present mount points; only the root if the system does not tell."""
        try:
            lines = MOUNTINFO.read_bytes().splitlines()
        except OSError:
            lines = []
        return cls(dict(found for line in lines if (found := _mounted(line)) is not None), cls.current)

    def look_again(self) -> None:
        """Add file systems that were mounted meanwhile."""
        if self._look is not None:
            self.points = self._look().points | self.points

    def later(self) -> Mounts:
        """The mount points that are still mounted."""
        if self._look is None:
            return self
        now = self._look().points
        return Mounts({point: mount for point, mount in now.items() if point in self.points}, tell=self._tell)

    def disk_at(self, point: bytes) -> str | None:
        """Which disk is mounted at a mount point (see ``disks.py``); None if that is unknown."""
        if point not in self._disks:
            mount = self.points.get(point)
            self._disks[point] = None if mount is None else self._tell(point, mount)
        return self._disks[point]

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


def _mounted(line: bytes) -> tuple[bytes, Mount] | None:
    fields, _, source = line.partition(b" - ")
    parts, of = fields.split(b" "), source.split(b" ")
    if len(parts) < 5 or len(of) < 2 or of[0] == _TRIGGER:
        return None
    return _plain(parts[4]), Mount(_plain(of[1]), of[0], _plain(parts[3]))


def _plain(field: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), field)
