"""Notices that a plugin's code changed on disk, and that plugins appeared or vanished.

``paths`` says what is worth a watch, the kernel's notices come from ``inotify``. A notice never counts for
more than "something happened here": after each one that may have moved folders, the folders are looked at again, and
what is there is compared with what was there before. So nothing that happens while watches are being set is lost.
"""

from __future__ import annotations

import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from viewra.host.sync.tasks import LONGEST_S
from viewra.host.watch.debounce import Debounce
from viewra.host.watch.paths import Paths, PluginPaths, RootPaths
from viewra.host.watch.tree import Tree, WatchSet

_log = logging.getLogger(__name__)


class CodeWatcher:
    """Calls ``on_change(directory)`` when the code in a watched plugin's directory changed.

    The call comes ``quiet_s`` seconds after the last change, at the latest ``longest_s`` after the first; not while the
    directory is away, but when it is back and is not what it was. ``on_layout()`` comes in the same way when a manifest
    appeared or vanished below a watched plugin directory. All calls come on one thread of the watcher, one after the
    other; a change during a call leads to another one. A call that raises is logged.

    What the code hash leaves out never leads to a call and costs no watch, nor does what lies under one of ``ignored``
    (unless it contains the plugin itself). Links within a plugin are not followed. Where the system has no watches
    left, the log says so once, and the directories concerned are looked at every ``poll_s`` seconds instead.

    Any thread may use it. Imports watchdog when it is made.
    """

    def __init__(
        self,
        on_change: Callable[[Path], None],
        on_layout: Callable[[], None],
        *,
        ignored: Sequence[Path] = (),
        quiet_s: float = 0.3,
        longest_s: float = 2.0,
        poll_s: float = 2.0,
    ) -> None:
        self._on_change, self._on_layout = on_change, on_layout
        self._ignored = tuple(ignored)
        self._new_debounce = functools.partial(Debounce, quiet_s, longest_s)
        self._layout = self._new_debounce()
        self._changed = threading.Condition()
        self._plugins: dict[Path, Tree] = {}
        self._roots: dict[Path, Tree] = {}
        self._closed = False
        self._watches = WatchSet(self._changed, poll_s)
        self._thread = threading.Thread(target=self._run, name="viewra-watch", daemon=True)
        self._thread.start()

    def watch_plugin(self, directory: Path) -> None:
        """Watch one plugin's directory, which may be a link; changes from now on are noticed. Twice is once."""
        self._watch(self._plugins, PluginPaths(directory.absolute(), self._ignored), directory, self._new_debounce())

    def unwatch_plugin(self, directory: Path) -> None:
        """Watch it no longer: no call for it begins after this. One that was never watched is fine."""
        with self._changed:
            if (tree := self._plugins.pop(directory, None)) is not None:
                self._watches.drop(tree)

    def watch_root(self, directory: Path) -> None:
        """Watch a directory that holds plugins, whether it is there yet or not. Twice is once."""
        self._watch(self._roots, RootPaths(directory.absolute(), self._ignored), directory, self._layout)

    def close(self) -> None:
        """End the watch and its threads; waits for a callback in progress, unless that is what closes it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(LONGEST_S)
            if self._thread.is_alive():
                _log.error("the watch's thread has not ended within %g s: it is left behind", LONGEST_S)
        self._watches.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _watch(self, trees: dict[Path, Tree], paths: Paths, directory: Path, debounce: Debounce) -> None:
        with self._changed:
            if directory not in trees and not self._closed:
                tree = trees[directory] = Tree(paths, debounce)
                self._watches.look(tree)
                self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (left := self._next() - time.monotonic()) > 0:
                    self._changed.wait(None if left == math.inf else left)
                if self._closed:
                    return
                self._look_again()
                call = self._due_call()
            if call is not None:
                try:
                    call()
                except Exception:  # what is called is somebody else's: its failure must not end the watch
                    _log.exception("what follows from a change of plugins on disk failed")

    def _next(self) -> float:
        """When there is something to do, by the monotonic clock."""
        trees = (*self._plugins.values(), *self._roots.values())
        return min((self._layout.due, *(min(tree.look_at, tree.debounce.due) for tree in trees)))

    def _look_again(self) -> None:
        for tree in (*self._plugins.values(), *self._roots.values()):
            if tree.look_at <= time.monotonic():
                self._watches.look(tree)

    def _due_call(self) -> Callable[[], None] | None:
        """The call that is due, if any, among several changes the first; it counts as made."""
        now = time.monotonic()
        if self._layout.due <= now:
            self._layout.clear()
            # What came and went again within the pause is nothing to tell; every tree is to be asked, so no any().
            return self._on_layout if [tree for tree in self._roots.values() if tree.take_news()] else None
        directory = min(self._plugins, key=lambda one: self._plugins[one].debounce.due, default=None)
        if directory is None or self._plugins[directory].debounce.due > now:
            return None
        tree = self._plugins[directory]
        is_there = self._watches.look(tree)
        tree.debounce.clear()
        return functools.partial(self._on_change, directory) if is_there else None
