"""The watches of each directory, kept in step with the folders that are there; where there are none left, polling."""

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

if TYPE_CHECKING:  # watchdog takes a while to import: only what makes a WatchSet needs it
    from viewra.host.watch.inotify import FolderWatch, Inotify, Listener

_log = logging.getLogger(__name__)

PAUSE_S = 0.05
"""Seconds from a notice of a folder to the look at what is there: a checkout makes many, and one look is for all."""
_ROUNDS = 5  # looks in a row at a tree in which each look finds new folders

_OTHER_REMEDY = "inotify is not to be had on this system"
_REMEDIES = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches, for example: sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "raise fs.inotify.max_user_instances, for example: sysctl fs.inotify.max_user_instances=512; "
    "or the limit of open files (ulimit -n)",
}


@attrs.frozen
class _Wanted:
    """A watch that a tree needs, up to one kind of notice: of a folder, or, with ``names``, of these names in it."""

    folder: Path
    identity: Identity
    up_to: Notice
    names: frozenset[str] | None = None


class Tree:
    """One watched directory: what was seen of it last, its watches, and what is to come."""

    def __init__(self, paths: Paths, debounce: Debounce) -> None:
        self.paths = paths
        self.debounce = debounce
        self.look_at = math.inf
        """When it is to be looked at, by the monotonic clock."""
        self.polled = False
        self.seen: Mapping[Path, object] | None = None
        self.watches: dict[_Wanted, FolderWatch] = {}
        self._told: Mapping[Path, object] | None = None

    def take_news(self) -> bool:
        """Whether what was seen last is not what it was when this was asked before, or at the first look."""
        told, self._told = self._told, self.seen
        return self.seen != told

    def see(self, look: Look | None) -> None:
        """Take what was found; what is not as it was before marks a change.

        While the directory is away, what was there before is remembered, for the day when it is back.
        """
        if self.seen is None:
            self.seen = self._told = look.content if look is not None else {}
        elif look is not None and look.content != self.seen:
            self.debounce.mark(time.monotonic())
            self.seen = look.content


class WatchSet:
    """The watches of all trees; its callers hold ``changed``, but for ``close``, and it notifies them through that."""

    def __init__(self, changed: threading.Condition, poll_s: float) -> None:
        self._changed = changed
        self._poll_s = poll_s
        self._inotify: Inotify | None = None
        self._warned = False
        try:
            from viewra.host.watch.inotify import Inotify  # here, to keep start-up light

            self._inotify = Inotify()
        except Exception as error:  # watchdog raises errors of its own where the system has no inotify
            self._warn(error)

    def look(self, tree: Tree) -> bool:
        """Look at what is there, watch what is new, mark what changed; False when the directory is not there."""
        tree.look_at = math.inf
        if self._inotify is None:
            tree.polled = True
        look = None
        try:
            for _ in range(_ROUNDS):
                look = tree.paths.look()
                # What came into a folder before its watch was set is found by the next round.
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
        """Watch it no longer."""
        for watch in tree.watches.values():
            if self._inotify is not None:
                self._inotify.remove(watch)
        tree.watches.clear()

    def close(self) -> None:
        """End all watches."""
        if self._inotify is not None:
            self._inotify.close()

    def _arm(self, tree: Tree, look: Look) -> bool:
        """Have a watch on each of its folders and each anchor, and on no others; whether there are new ones."""
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
                continue  # it went again, which another notice tells; or it may not be read, and nothing helps
            tree.watches[one] = watch
            grown = True
        return grown

    def _listener(self, tree: Tree, wanted: _Wanted) -> Listener:
        """Takes the notices of one of a tree's watches, on watchdog's thread."""

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
