"""``progress`` and ``notify``: what a plugin shows to the operator."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from viewra.db.plugin_notices import add_notice, withdraw_notice
from viewra.types import PluginNotice, PluginProgress

MAX_REPORTS = 16
MAX_NOTICES = 100


class ProgressService:
    """The progress that a plugin reports, in the host's memory. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._reports: dict[str, PluginProgress] = {}  # that was reported last comes last

    def report(self, name: str, done: float, total: float | None, text: str) -> None:
        """Note how far the work of this name is."""
        with self._lock:
            self._reports.pop(name, None)
            self._reports[name] = PluginProgress(name, done, total, text, self._now())
            if len(self._reports) > MAX_REPORTS:
                del self._reports[next(iter(self._reports))]

    def end(self, name: str) -> None:
        """Forget the work of this name: it has ended."""
        with self._lock:
            self._reports.pop(name, None)

    def clear(self) -> None:
        """Forget all: the plugin has ended."""
        with self._lock:
            self._reports.clear()

    @property
    def reports(self) -> tuple[PluginProgress, ...]:
        """The last report of each work, by name."""
        with self._lock:
            return tuple(sorted(self._reports.values(), key=lambda one: one.name))


class NotifyService:
    """The messages of one plugin, in the host's database. Thread-safe."""

    def __init__(self, engine: sa.Engine, plugin_id: str, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._now = now

    def send(self, text: str, level: str, key: str) -> None:
        """Keep a message."""
        add_notice(self._engine, self._plugin_id, PluginNotice(level, text, key, self._now()), MAX_NOTICES)

    def withdraw(self, key: str) -> None:
        """Remove a message."""
        withdraw_notice(self._engine, self._plugin_id, key)
