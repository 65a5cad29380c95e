"""Detects changes of plugins' code on disk, and plugins that were added or removed.

``paths`` decides what to watch, ``inotify`` delivers the kernel's notices. A notice only means that something happened
in a folder: after each one that may concern folders, the watcher reads the folders again and compares the result with
the previous one. So it misses nothing that happens while watches are being set.
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

from viewra.host.sync.background import LONGEST_S
from viewra.host.watch.debounce import Debounce
from viewra.host.watch.paths import Paths, PluginPaths, RootPaths
from viewra.host.watch.tree import Tree, WatchSet

_log = logging.getLogger(__name__)


class CodeWatcher:
    """Calls ``on_change(directory)`` when the code in a watched plugin's directory changed.

    It calls ``quiet_s`` seconds after the last change, at the latest ``longest_s`` after the first. It does not call
    while the directory does not exist, but when the directory returns with different code. It calls ``on_layout()``
    in the same way when a manifest was added or removed below a watched plugin directory. All calls are made on one
    thread of the watcher, one after the other; a change during a call leads to another call. Exceptions are logged.

    Files that the code hash leaves out never lead to a call and use no watch, nor do files below one of ``ignored``
    (unless it contains the plugin itself). Links within a plugin are not followed. If the system has no watches left,
    the watcher logs a warning once and reads the directories concerned every ``poll_s`` seconds instead.

    Thread-safe. The constructor imports watchdog.
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
        """Watch one plugin's directory, which may be a link, for changes from now on. A second call has no effect."""
        self._watch(self._plugins, PluginPaths(directory.absolute(), self._ignored), directory, self._new_debounce())

    def unwatch_plugin(self, directory: Path) -> None:
        """Stop watching a directory: no call for it begins after this. Does nothing if it was not watched."""
        with self._changed:
            if (tree := self._plugins.pop(directory, None)) is not None:
                self._watches.drop(tree)

    def watch_root(self, directory: Path) -> None:
        """Watch a directory that contains plugins, which need not exist yet. A second call has no effect."""
        self._watch(self._roots, RootPaths(directory.absolute(), self._ignored), directory, self._layout)

    def close(self) -> None:
        """End the watches and threads; waits for a callback in progress, unless the callback itself closes it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(LONGEST_S)
            if self._thread.is_alive():
                _log.error("the watch's thread has not ended within %g s: it is abandoned", LONGEST_S)
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
                except Exception:  # a failing callback must not end the watch
                    _log.exception("handling a change of plugins on disk failed")

    def _next(self) -> float:
        """The monotonic time of the next look or call."""
        trees = (*self._plugins.values(), *self._roots.values())
        return min((self._layout.due, *(min(tree.look_at, tree.debounce.due) for tree in trees)))

    def _look_again(self) -> None:
        for tree in (*self._plugins.values(), *self._roots.values()):
            if tree.look_at <= time.monotonic():
                self._watches.look(tree)

    def _due_call(self) -> Callable[[], None] | None:
        """The first call that is due, if any; it counts as made."""
        now = time.monotonic()
        if self._layout.due <= now:
            self._layout.clear()
            # A file that was created and removed within the pause is no news. No any(): every tree must be asked.
            return self._on_layout if [tree for tree in self._roots.values() if tree.take_news()] else None
        directory = min(self._plugins, key=lambda one: self._plugins[one].debounce.due, default=None)
        if directory is None or self._plugins[directory].debounce.due > now:
            return None
        tree = self._plugins[directory]
        is_there = self._watches.look(tree)
        tree.debounce.clear()
        return functools.partial(self._on_change, directory) if is_there else None
