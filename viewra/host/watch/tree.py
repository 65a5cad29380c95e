"""Keeps the watches of each directory in step with its folders; polls if the system has no watches left."""

from __future__ import annotations

import errno
import logging
import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.host.installed.discovery import real_path
from viewra.host.watch.debounce import Debounce
from viewra.host.watch.paths import Effect, Identity, Look, Notice, Paths, anchors, identify

if TYPE_CHECKING:  # watchdog is slow to import, and only a WatchSet needs it
    from viewra.host.watch.inotify import FolderWatch, Inotify, Listener

_log = logging.getLogger(__name__)

PAUSE_S = 0.05
"""Seconds from a notice about a folder to the look, so that one look covers the many notices of a checkout."""
_ROUNDS = 5  # looks in a row while each look finds new folders

_OTHER_REMEDY = "inotify is not available on this system"
_REMEDIES = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches, for example: sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "raise fs.inotify.max_user_instances, for example: sysctl fs.inotify.max_user_instances=512; "
    "or the limit of open files (ulimit -n)",
}


@attrs.frozen
class _Wanted:
    """A watch that a tree needs, up to one kind of notice: of a folder or, with ``names``, of these names in it."""

    folder: Path
    identity: Identity
    up_to: Notice
    names: frozenset[str] | None = None


class Tree:
    """One watched directory: the last look, its watches, and when to look or call next."""

    def __init__(self, paths: Paths, debounce: Debounce) -> None:
        self.paths = paths
        self.debounce = debounce
        self.look_at = math.inf
        """The monotonic time of the next look."""
        self.polled = False
        self.seen: Mapping[Path, object] | None = None
        self.watches: dict[_Wanted, FolderWatch] = {}
        self._told: Mapping[Path, object] | None = None

    def take_news(self) -> bool:
        """Whether the last look differs from the one at the previous call of this method, or from the first look."""
        told, self._told = self._told, self.seen
        return self.seen != told

    def see(self, look: Look | None) -> None:
        """Store the result of a look; marks a change if it differs from the last one.

        While the directory does not exist, the last result is kept for comparison when it returns.
        """
        if self.seen is None:
            self.seen = self._told = look.content if look is not None else {}
        elif look is not None and look.content != self.seen:
            self.debounce.mark(time.monotonic())
            self.seen = look.content


class WatchSet:
    """The watches of all trees. Callers hold ``changed`` except for ``close``; the set notifies them through it."""

    def __init__(self, changed: threading.Condition, poll_s: float) -> None:
        self._changed = changed
        self._poll_s = poll_s
        self._inotify: Inotify | None = None
        self._warned = False
        try:
            from viewra.host.watch.inotify import Inotify  # imported late, for a fast start

            self._inotify = Inotify()
        except Exception as error:  # watchdog raises its own errors on systems without inotify
            self._warn(error)

    def look(self, tree: Tree) -> bool:
        """Read a tree, watch new folders, mark changes; False if the directory does not exist."""
        tree.look_at = math.inf
        if self._inotify is None:
            tree.polled = True
        look = None
        try:
            for _ in range(_ROUNDS):
                look = tree.paths.look()
                # The next round finds what appeared in a folder before its watch was set.
                if not self._arm(tree, look or Look({}, {})):
                    break
            else:
                tree.look_at = time.monotonic() + PAUSE_S
        except OSError as error:
            _log.warning("%s cannot be looked at: %s", tree.paths.directory, error)
        if tree.polled:
            tree.look_at = time.monotonic() + self._poll_s
        tree.see(look)
        return look is not None

    def drop(self, tree: Tree) -> None:
        """Remove a tree's watches."""
        for watch in tree.watches.values():
            if self._inotify is not None:
                self._inotify.remove(watch)
        tree.watches.clear()

    def close(self) -> None:
        """End all watches."""
        if self._inotify is not None:
            self._inotify.close()

    def _arm(self, tree: Tree, look: Look) -> bool:
        """Watch each of its folders and anchors, and no others; returns whether there are new watches."""
        if tree.polled or self._inotify is None:
            return False
        notices = tree.paths.notices
        wanted = {_Wanted(folder, identity, notices) for folder, identity in look.folders.items()}
        ends = {real_path(link).parent for link in look.links}
        for folder, names in anchors(tree.paths.directory, look.links).items():
            if (identity := identify(folder)) is not None:
                up_to = notices if folder in ends else Notice.ENTRY if names else Notice.SELF
                wanted.add(_Wanted(folder, identity, up_to, names))
        for one, watch in list(tree.watches.items()):
            if not watch.alive or one not in wanted:
                del tree.watches[one]
                self._inotify.remove(watch)
        grown = False
        for one in wanted - tree.watches.keys():
            try:
                watch = self._inotify.add(one.folder, one.up_to, self._listener(tree, one))
            except OSError as error:
                if error.errno in _REMEDIES:
                    self._warn(error)
                    tree.polled = True
                    self.drop(tree)
                    return False
                continue  # removed again, which another notice reports; or it may not be read
            tree.watches[one] = watch
            grown = True
        return grown

    def _listener(self, tree: Tree, wanted: _Wanted) -> Listener:
        """The listener for one of a tree's watches, called on watchdog's thread."""

        def heard(notice: Notice, name: str, is_folder: bool) -> None:
            if notice is Notice.SELF:
                effect = Effect.LOOK
            elif wanted.names is not None:
                effect = Effect.LOOK if name in wanted.names else Effect.NONE
            else:
                effect = tree.paths.effect(wanted.folder, name, is_folder)
            if effect is Effect.NONE:
                return
            with self._changed:
                now = time.monotonic()
                if effect is Effect.CHANGED:
                    tree.debounce.mark(now)
                else:
                    tree.look_at = min(tree.look_at, now + PAUSE_S)
                self._changed.notify_all()

        return heard

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            remedy = _REMEDIES.get(error.errno or 0, _OTHER_REMEDY) if isinstance(error, OSError) else _OTHER_REMEDY
            _log.warning(
                "plugins' code is looked at every %g s for changes instead of being watched: %s; %s",
                self._poll_s,
                error,
                remedy,
            )
