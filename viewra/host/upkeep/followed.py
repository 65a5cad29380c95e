"""``Followed``: turns the kernel's notices about one library's folders into marks."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable

from viewra.host.upkeep.marks import Marks
from viewra.host.upkeep.watches import (
    ARRIVED,
    CREATED,
    GONE,
    IS_FOLDER,
    LEFT,
    MOVED_AWAY,
    MOVED_SELF,
    WRITTEN,
    Watching,
)
from viewra.library.ignoring import ALL_MARKS
from viewra.library.paths import join


class Followed:
    """One library's folders. ``is_media`` tells by a name whether a file may matter; ``changed`` is called after marks.

    ``lock`` protects the marks.
    """

    def __init__(
        self,
        marks: Marks,
        lock: threading.Condition,
        watching: Watching,
        is_media: Callable[[bytes], bool],
        now: Callable[[], float],
    ) -> None:
        self._root = marks.root
        self._marks = marks
        self._lock = lock
        self._watching = watching
        self._now = now
        self.is_media = is_media

    def heard(self, folder: bytes, name: bytes, mask: int) -> None:
        """See ``watches.Listener``."""
        if mask & GONE:  # the kernel watches it no longer, unless it was renamed
            if mask & MOVED_SELF and folder == self._root:  # of others the folder above them is told
                self._watching.drop(folder)
            self._note(folder, deep=True)
        elif mask & IS_FOLDER:
            if name:  # else its own attributes changed, of which the folder above it is told, too
                path = join(folder, name)
                if mask & MOVED_AWAY and self._watching.holds(path):
                    self._watching.drop(path)
                self._note(path, deep=True)
        elif name in ALL_MARKS:
            self._note(folder, deep=True)
        elif mask & LEFT and self._watching.holds(join(folder, name)):  # a link to a folder
            self._watching.drop(join(folder, name))
            self._note(join(folder, name), deep=True)
        elif mask & (CREATED | ARRIVED) and _leads_to_folder(join(folder, name)):
            self._note(join(folder, name), deep=True)
        elif self.is_media(name):
            if mask & WRITTEN and not (mask & CREATED and _is_complete(join(folder, name))):
                with self._lock:
                    self._marks.note_write(folder, name, self._now())
                    self._lock.notify_all()
            else:
                self._note(folder, name=name)

    def lost(self) -> None:
        """See ``watches.Listener``."""
        with self._lock:
            self._marks.note_all(self._now())
            self._lock.notify_all()

    def _note(self, folder: bytes, *, deep: bool = False, name: bytes = b"") -> None:
        with self._lock:
            self._marks.note(folder, self._now(), deep=deep, name=name)
            self._lock.notify_all()


def _is_complete(path: bytes) -> bool:
    """Whether a new file is another name of one that was there before."""
    try:
        info = os.lstat(path)
    except OSError:
        return True
    return stat.S_ISLNK(info.st_mode) or info.st_nlink > 1


def _leads_to_folder(path: bytes) -> bool:
    """Whether this is a symbolic link to a folder."""
    return os.path.islink(path) and os.path.isdir(path)  # noqa: PTH112, PTH114  (bytes)
