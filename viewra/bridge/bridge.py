"""``Bridge``: the host services of one host, for each plugin over its own part of the host's database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

import sqlalchemy as sa

from viewra.assets import AssetStore, rows
from viewra.bridge.assets import AssetsService
from viewra.bridge.cache import CacheService
from viewra.bridge.events import EventsService, NoPublisher, Publisher
from viewra.bridge.fetcher import Fetcher
from viewra.bridge.hosted import HostedPlugin, Provided
from viewra.bridge.kv import KeyValueService
from viewra.bridge.library import LibraryService
from viewra.bridge.metadata import MetadataService
from viewra.bridge.notices import NotifyService, ProgressService
from viewra.bridge.schedules import ScheduleService
from viewra.bridge.tasks import Executor, NoExecutor, TaskQueueService
from viewra.codec.host import assets, fetch, library, metadata, notices, tasks
from viewra.codec.host.events import EVENTS
from viewra.codec.host.kv import CACHE, KV
from viewra.db.plugin_notices import forget_notices, read_notices
from viewra.db.plugin_tasks import forget_tasks, tasks_usage
from viewra.db.plugin_values import forget_values, usage
from viewra.db.transactions import reading, writing


class Bridge:
    """The host services over a host's database, with the ``fetcher`` for HTTP. Thread-safe.

    Without ``store``, plugins can store no assets; without ``executor``, their tasks wait for another host's; without
    ``events``, nobody hears of their events.
    ``priority`` gives the priorities of a plugin's metadata by field, as its manifest has them.
    """

    def __init__(
        self,
        engine: sa.Engine,
        fetcher: Fetcher | None = None,
        store: AssetStore | None = None,
        *,
        executor: Executor | None = None,
        events: Publisher | None = None,
        priority: Callable[[str], Mapping[str, int]] = lambda _plugin_id: {},
    ) -> None:
        self._engine = engine
        self._executor = executor or NoExecutor()
        self._events = events or NoPublisher()
        self._priority = priority
        self._fetcher = fetcher or Fetcher()
        self._store = store
        self._library = LibraryService(engine)
        self._lock = threading.Lock()
        self._plugins: dict[str, HostedPlugin] = {}

    def of(self, plugin_id: str) -> HostedPlugin:
        """The services of a plugin."""
        with self._lock:
            found = self._plugins.get(plugin_id)
            if found is None:
                found = self._plugins[plugin_id] = self._new(plugin_id)
            return found

    def discard(self, plugin_id: str) -> None:
        """Forget a plugin that is uninstalled: what it has in memory and caches, not what the database keeps."""
        with self._lock:
            found = self._plugins.pop(plugin_id, None)
        if found is not None:
            found.stopped()
        self._fetcher.forget(plugin_id)

    def close(self) -> None:
        """Close what is open for all plugins, none of which runs any more."""
        with self._lock:
            plugins = list(self._plugins.values())
        for plugin in plugins:
            plugin.stopped()
        self._fetcher.close()

    def _new(self, plugin_id: str) -> HostedPlugin:
        progress, fetching = ProgressService(), self._fetcher.of(plugin_id, self._store)
        stored = AssetsService(self._store, plugin_id) if self._store is not None else None
        provided: Provided = (
            (KeyValueService(self._engine, plugin_id), KV.all),
            (CacheService(), CACHE.all),
            *(((stored, assets.ALL),) if stored is not None else ()),
            (self._library, library.ALL),
            (TaskQueueService(self._engine, plugin_id, self._executor), tasks.ALL),
            (ScheduleService(self._engine, plugin_id, self._executor), tasks.SCHEDULE),
            (MetadataService(self._engine, plugin_id, partial(self._priority, plugin_id)), metadata.ALL),
            (EventsService(plugin_id, self._events), EVENTS),
            (progress, notices.PROGRESS),
            (NotifyService(self._engine, plugin_id), notices.NOTIFY),
            (fetching, fetch.ALL),
        )
        leaving = (progress.clear, fetching.close, *((stored.close,) if stored is not None else ()))
        shown = partial(read_notices, self._engine, plugin_id)
        return HostedPlugin(plugin_id, provided, progress, fetching, shown, leaving=leaving)


def has_stored(engine: sa.Engine, plugin_id: str) -> bool:
    """Whether a plugin has stored anything that ``forget`` would delete. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        has_assets = rows.has_any(connection, plugin_id)
    kept = (usage(engine, plugin_id)[0], tasks_usage(engine, plugin_id)[0], read_notices(engine, plugin_id))
    return has_assets or any(kept)


def forget(engine: sa.Engine, plugin_id: str) -> None:
    """Delete all that a plugin stored with the host. Raises ``DatabaseError``."""
    forget_values(engine, plugin_id)
    forget_notices(engine, plugin_id)
    forget_tasks(engine, plugin_id)
    with writing(engine) as connection:  # the files go when the store is swept
        rows.stop_using(connection, plugin_id)
