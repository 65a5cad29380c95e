"""Reacts to changes on disk: reloads changed code, adds new plugins, stops removed ones.

The watcher notices the changes. Each plugin's reload runs on its own thread, since it may wait for calls.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from viewra.errors import ViewraError
from viewra.host.environments.environment import FOLDER as ENVIRONMENTS
from viewra.host.registry import Registry
from viewra.host.sync.background import Background
from viewra.host.watch.watcher import CodeWatcher

log = logging.getLogger("viewra.host")

_WRITTEN = ("plugins", "logs", "backups", "kept-code", "fetched", "assets", ENVIRONMENTS)
"""Folders of a data directory that are written to while plugins run and contain none of their code."""


class HotReload:
    """Watches a registry's plugins, and the directories that may contain more, until ``close``."""

    def __init__(self, registry: Registry, roots: Sequence[Path]) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._background = Background()
        self._watched: set[Path] = set()
        self._watcher = CodeWatcher(self._changed, self._moved, ignored=[registry.data_dir / name for name in _WRITTEN])
        for root in roots:
            self._watcher.watch_root(root)
        self._watch_plugins()

    def close(self) -> None:
        """Stop watching; waits for reloads in progress, which a closing host cancels."""
        self._watcher.close()
        self._background.close()

    def _watch_plugins(self) -> None:
        there = {supervisor.installation.place.path for supervisor in self._registry.supervisors()}
        for directory in there - self._watched:
            self._watcher.watch_plugin(directory)
        for directory in self._watched - there:
            self._watcher.unwatch_plugin(directory)
        self._watched = there

    def _changed(self, directory: Path) -> None:
        self._background.start("reload", lambda: self._told(lambda: self._registry.code_changed(directory)))

    def _moved(self) -> None:
        def rescan() -> None:
            self._registry.rescan()
            with self._lock:  # one after the other: they change the set of watched folders
                self._watch_plugins()

        self._background.start("rescan", lambda: self._told(rescan))

    @staticmethod
    def _told(work: Callable[[], None]) -> None:
        """Run it and log its errors, which do not end the watch."""
        try:
            work()
        except ViewraError as error:
            log.error("%s", error)
