"""Receives the kernel's notices about single folders through watchdog's inotify reader, with one thread for all.

watchdog's observers start a thread for each watch, and recursive ones watch everything below a folder; this module
uses the layer below them. ``paths`` decides which folders are watched.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from viewra.host.watch.paths import Notice

Listener = Callable[[Notice, str, bool], None]
"""Called on watchdog's thread with the notice, the name in the folder ("" for SELF), and whether it is a folder."""

CLOSE_S = 10.0
"""Upper bound of ``close`` in seconds; the listeners return at once."""
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
_ENTRY = InotifyConstants.IN_CREATE | InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVE
_MASKS = {
    Notice.SELF: _SELF,
    Notice.ENTRY: _SELF | _ENTRY,
    Notice.CONTENT: _SELF | _ENTRY | InotifyConstants.IN_MODIFY,
}


class FolderWatch:
    """One watched folder; watchdog calls its methods."""

    def __init__(self, up_to: Notice, listener: Listener, callback_id: int) -> None:
        self._up_to = up_to
        self._listener = listener
        self.callback_id = CallbackId(callback_id)
        self.descriptor = WatchDescriptor(-1)
        self.alive = True
        """False once the kernel has removed the watch because the folder no longer exists."""

    def on_event(self, event: InotifyEvent) -> None:
        """Report a notice, unless only another watch of this folder asked for its kind."""
        notice = Notice.ENTRY if event.mask & _ENTRY else Notice.CONTENT if event.is_modify else Notice.SELF
        if notice <= self._up_to:
            self._listener(notice, os.fsdecode(event.name), event.is_directory)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - there is only one
        """Report that the folder no longer exists."""
        self.alive = False
        self._listener(Notice.SELF, "", True)

    def on_queue_overflow(self) -> None:
        """Report that notices were lost."""
        self._listener(Notice.SELF, "", True)


class Inotify:
    """Watches folders, without their subfolders, until ``close``.

    Raises OSError if the system has no inotify instance left.
    """

    def __init__(self) -> None:
        self._reader = InotifyFD()
        self._reader.name = "viewra-inotify"
        self._reader.start()
        self._ids = itertools.count()

    def add(self, folder: Path, up_to: Notice, listener: Listener) -> FolderWatch:
        """Watch one folder for notices up to this kind.

        Raises OSError: ENOSPC if no watches are left, others if there is no such folder or it may not be read.
        """
        watch = FolderWatch(up_to, listener, next(self._ids))
        # Added to the mask: the kernel keeps one mask for a folder, which all its watches share.
        mask = _MASKS[up_to] | InotifyConstants.IN_MASK_ADD | InotifyConstants.IN_ONLYDIR
        watch.descriptor = self._reader.add_callback(os.fsencode(folder), Mask(mask), watch, watch.callback_id)
        if watch.descriptor == -1:  # watchdog would keep that as a watch
            self.remove(watch)
            raise PermissionError(f"{folder}: may not be read")
        return watch

    def remove(self, watch: FolderWatch) -> None:
        """Remove a watch."""
        self._reader.remove_callbacks([(watch.descriptor, watch.callback_id)])

    def close(self) -> None:
        """End the watches and watchdog's thread; the listeners get SELF notices."""
        self._reader.stop()
        self._reader.join(CLOSE_S)
