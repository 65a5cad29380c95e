"""Receives the kernel's notices about the folders of libraries, through watchdog's inotify reader.

As for plugins (``host/watch/inotify.py``), the layer below watchdog's observers is used: these walk each new folder by
themselves, and every walk of a library is a scan's. A scan has each folder watched before it lists it, so that what
changes afterwards is noticed.
"""

from __future__ import annotations

import errno
import itertools
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from viewra.library.paths import display_bytes, is_within

CLOSE_S = 10.0
"""Seconds that ``close`` waits at most for watchdog's thread."""

_C = InotifyConstants
GONE = _C.IN_DELETE_SELF | _C.IN_MOVE_SELF | _C.IN_UNMOUNT
MOVED_SELF, MOVED_AWAY = _C.IN_MOVE_SELF, _C.IN_MOVED_FROM
LEFT = _C.IN_DELETE | MOVED_AWAY
CREATED, ARRIVED = _C.IN_CREATE, _C.IN_MOVED_TO
WRITTEN = CREATED | _C.IN_MODIFY
IS_FOLDER = _C.IN_ISDIR
_MASK = GONE | LEFT | WRITTEN | ARRIVED | _C.IN_CLOSE_WRITE | _C.IN_ATTRIB | _C.IN_ONLYDIR

_REMEDIES = {
    errno.ENOSPC: "the system allows no more inotify watches: raise fs.inotify.max_user_watches, for example: sysctl "
    "fs.inotify.max_user_watches=1048576",
    errno.EMFILE: "the system allows no more inotify instances: raise fs.inotify.max_user_instances, for example: "
    "sysctl fs.inotify.max_user_instances=512; or the limit of open files (ulimit -n)",
}

log = logging.getLogger("viewra.host")


class Listener(Protocol):
    """What is told of a library's folders, on watchdog's thread."""

    def heard(self, folder: bytes, name: bytes, mask: int) -> None:
        """Something happened to ``name`` in a watched folder, or to the folder itself: bits of inotify(7)."""
        ...

    def lost(self) -> None:
        """Notices were lost."""
        ...


class Watching(Protocol):
    """``Watches``, or what stands for it in a test."""

    def arm(self, folder: bytes, listener: Listener) -> str | None:
        """Watch a folder; why it cannot be watched, else None."""
        ...

    def drop(self, top: bytes) -> None:
        """Watch a folder, and those below it, no longer."""
        ...

    def holds(self, folder: bytes) -> bool:
        """Whether a folder of this path is watched."""
        ...

    def close(self) -> None:
        """Watch nothing any more."""
        ...


class _Watch:
    """One watched folder; watchdog calls its methods."""

    __slots__ = ("_forget", "_listener", "descriptor", "folder", "number")

    def __init__(self, folder: bytes, listener: Listener, number: int, forget: Callable[[_Watch], None]) -> None:
        self.folder = folder
        self.number = CallbackId(number)
        self.descriptor = WatchDescriptor(-1)
        self._listener = listener
        self._forget = forget

    def on_event(self, event: InotifyEvent) -> None:
        self._listener.heard(self.folder, event.name, event.mask)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - there is only one
        self._forget(self)

    def on_queue_overflow(self) -> None:
        self._listener.lost()


class Watches:
    """Watches folders until ``close``. Thread-safe.

    ``problem`` is why nothing can be watched, else None.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[bytes, _Watch] = {}
        self._numbers = itertools.count()
        self._reader: InotifyFD | None = None
        self.problem: str | None = None
        try:
            self._reader = InotifyFD()
        except OSError as error:
            self.problem = _REMEDIES.get(error.errno or 0, f"inotify cannot be used: {error.strerror}")
        else:
            self._reader.name = "viewra-library-watch"
            self._reader.start()

    def arm(self, folder: bytes, listener: Listener) -> str | None:
        """See ``Watching``. A folder that takes the place of a watched one is watched instead of it."""
        if self._reader is None:
            return self.problem
        watch = _Watch(folder, listener, next(self._numbers), self._forget)
        try:
            # Asked each time: by the descriptor it shows whether another folder is at this path now.
            watch.descriptor = self._reader.add_callback(folder, Mask(_MASK), watch, watch.number)
        except OSError as error:
            if error.errno in _REMEDIES:
                return _REMEDIES[error.errno]
            if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                return None
            return f"{display_bytes(folder)} cannot be watched: {error.strerror}"
        if watch.descriptor == -1:  # it may not be read, which the scan reports; watchdog would keep that as a watch
            self._reader.remove_callbacks([(watch.descriptor, watch.number)])
            return None
        with self._lock:
            before = self._watches.get(folder)
            self._watches[folder] = watch
        if before is not None:
            self._remove(before)
        return None

    def drop(self, top: bytes) -> None:
        """See ``Watching``."""
        with self._lock:
            watches = [self._watches.pop(folder) for folder in [*self._watches] if is_within(folder, top)]
        for watch in watches:
            self._remove(watch)

    def holds(self, folder: bytes) -> bool:
        """See ``Watching``."""
        return folder in self._watches

    def close(self) -> None:
        """See ``Watching``."""
        if self._reader is not None:
            self._reader.stop()
            self._reader.join(CLOSE_S)
            if self._reader.is_alive():
                log.error("the watch of libraries has not ended within %g s: it is left behind", CLOSE_S)

    def _remove(self, watch: _Watch) -> None:
        if self._reader is not None:
            self._reader.remove_callbacks([(watch.descriptor, watch.number)])

    def _forget(self, watch: _Watch) -> None:
        """The kernel has removed a watch: its folder is gone."""
        with self._lock:
            if self._watches.get(watch.folder) is watch:
                del self._watches[watch.folder]
