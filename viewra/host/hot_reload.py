"""What follows from changes on disk: changed code takes the old one's place, new plugins are found, removed ones end.

The watcher notices the changes. Each plugin's reload runs on a thread of its own, since it may wait for calls.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from viewra.errors import ViewraError
from viewra.host.registry import Registry
from viewra.host.sync.tasks import Tasks
from viewra.host.watch.watcher import CodeWatcher

log = logging.getLogger("viewra.host")


class HotReload:
    """Watches the plugins of a registry, and the directories in which there may be more, until ``close``."""

    def __init__(self, registry: Registry, roots: Sequence[Path], *, ignored: Sequence[Path] = ()) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._tasks = Tasks()
        self._watched: set[Path] = set()
        self._watcher = CodeWatcher(self._changed, self._moved, ignored=ignored)
        for root in roots:
            self._watcher.watch_root(root)
        self._watch_plugins()

    def close(self) -> None:
        """Watch no longer; waits for reloads in progress, which a closing host cancels."""
        self._watcher.close()
        self._tasks.close()

    def _watch_plugins(self) -> None:
        there = {supervisor.installation.place.path for supervisor in self._registry.supervisors()}
        for directory in there - self._watched:
            self._watcher.watch_plugin(directory)
        for directory in self._watched - there:
            self._watcher.unwatch_plugin(directory)
        self._watched = there

    def _changed(self, directory: Path) -> None:
        self._tasks.start("reload", lambda: self._told(lambda: self._registry.code_changed(directory)))

    def _moved(self) -> None:
        def rescan() -> None:
            self._registry.rescan()
            with self._lock:  # one after the other: the set of what is watched is theirs
                self._watch_plugins()

        self._tasks.start("rescan", lambda: self._told(rescan))

    @staticmethod
    def _told(work: Callable[[], None]) -> None:
        """Do it; what goes wrong is in the log, and does not end the watch."""
        try:
            work()
        except ViewraError as error:
            log.error("%s", error)
