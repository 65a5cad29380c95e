"""Disks that are mounted and unmounted, as far as viewra sees it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from viewra.library.disks import Mount


class Disks:
    """Which folders are mount points, and of which disks, as far as viewra sees it."""

    def __init__(self, shelf: Path) -> None:
        self.points: dict[bytes, Mount | None] = {}
        self._shelf = shelf
        shelf.mkdir()

    def mount(self, folder: Path, disk: str | None = None) -> None:
        """None: which disk it is cannot be told."""
        self.points[os.fsencode(folder)] = Mount(disk.encode(), b"9p", b"/") if disk else None

    def unmount(self, folder: Path) -> None:
        """What was in it is not to be seen any more."""
        del self.points[os.fsencode(folder)]
        folder.rename(self._shelf / folder.name)
        folder.mkdir()

    def exchange(self, folder: Path, old: str, new: str) -> None:
        """The disk ``new`` is mounted instead of ``old``; what was in that is there again the next time."""
        folder.rename(self._shelf / old)
        kept = self._shelf / new
        kept.rename(folder) if kept.exists() else folder.mkdir()
        self.mount(folder, new)

    def mount_again(self, folder: Path) -> None:
        self.mount_again_at(folder, folder)

    def mount_again_at(self, before: Path, folder: Path) -> None:
        """What was mounted at ``before`` is at ``folder`` now."""
        shutil.rmtree(folder, ignore_errors=True)
        (self._shelf / before.name).rename(folder)
        self.mount(folder)
