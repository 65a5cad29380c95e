"""The kernel's notices of what happens in single folders, through watchdog's reader of inotify: one thread for all.

watchdog's observers have a thread for each watch and, when they are recursive, watch everything below: this takes the
layer under them; ``paths`` says which folders are worth a watch.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from viewra.host.watch.paths import Notice

Listener = Callable[[Notice, str, bool], None]
"""Takes the notice, the name in the folder ("" for SELF), and whether that is a folder; on watchdog's thread."""

CLOSE_S = 10.0
"""Backstop of ``close``: the listeners only note what they are told."""
_SELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
_ENTRY = InotifyConstants.IN_CREATE | InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVE
_MASKS = {
    Notice.SELF: _SELF,
    Notice.ENTRY: _SELF | _ENTRY,
    Notice.CONTENT: _SELF | _ENTRY | InotifyConstants.IN_MODIFY,
}


class FolderWatch:
    """One watched folder; what watchdog calls back."""

    def __init__(self, up_to: Notice, listener: Listener, callback_id: int) -> None:
        self._up_to = up_to
        self._listener = listener
        self.callback_id = CallbackId(callback_id)
        self.descriptor = WatchDescriptor(-1)
        self.alive = True
        """False once the kernel has given the watch up because the folder is gone."""

    def on_event(self, event: InotifyEvent) -> None:
        """Say what happened, unless another watch of this folder wanted to know it."""
        notice = Notice.ENTRY if event.mask & _ENTRY else Notice.CONTENT if event.is_modify else Notice.SELF
        if notice <= self._up_to:
            self._listener(notice, os.fsdecode(event.name), event.is_directory)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - there is only one
        """Say that the folder is gone."""
        self.alive = False
        self._listener(Notice.SELF, "", True)

    def on_queue_overflow(self) -> None:
        """Say that notices were lost."""
        self._listener(Notice.SELF, "", True)


class Inotify:
    """Watches folders, not what is below them, until ``close``.

    Raises OSError when the system has no instance of inotify left.
    """

    def __init__(self) -> None:
        self._reader = InotifyFD()
        self._reader.name = "viewra-inotify"
        self._reader.start()
        self._ids = itertools.count()

    def add(self, folder: Path, up_to: Notice, listener: Listener) -> FolderWatch:
        """Watch one folder for notices up to this kind.

        Raises OSError: ENOSPC when there are no watches left, others when there is no such folder, or it may not be
        read.
        """
        watch = FolderWatch(up_to, listener, next(self._ids))
        # Added to the mask, which the kernel keeps once for a folder, however many ask for it.
        mask = _MASKS[up_to] | InotifyConstants.IN_MASK_ADD | InotifyConstants.IN_ONLYDIR
        watch.descriptor = self._reader.add_callback(os.fsencode(folder), Mask(mask), watch, watch.callback_id)
        if watch.descriptor == -1:  # watchdog takes that for a watch, and would keep it
            self.remove(watch)
            raise PermissionError(f"{folder}: may not be read")
        return watch

    def remove(self, watch: FolderWatch) -> None:
        """Watch no longer."""
        self._reader.remove_callbacks([(watch.descriptor, watch.callback_id)])

    def close(self) -> None:
        """End the watches and watchdog's thread; the listeners are told that their folders went."""
        self._reader.stop()
        self._reader.join(CLOSE_S)
