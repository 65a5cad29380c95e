"""Runs a plugin object in the host's process through the same lifecycle as a plugin in its own process.

It is a ``Runner``, as the supervisor of processes is; it refuses operations that need a plugin directory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from viewra.adapters import LocalEndpoint
from viewra.adapters.database import DatabaseClient
from viewra.bridge import HostedPlugin, Rights
from viewra.codec import lifecycle
from viewra.codec.limits import Limits
from viewra.errors import UsageError
from viewra.host.database.databases import PluginDatabases
from viewra.host.database.drafting import compared_with
from viewra.host.database.own import OwnDatabase
from viewra.host.running.lifecycle import MIGRATION_S, STOP_S, TASK_S, begin, unnamed
from viewra.host.running.reattach import Reattach
from viewra.host.running.runner import in_process
from viewra.host.running.status import PluginStats
from viewra.manifest import Runtime
from viewra.sdk.host import HostServices
from viewra.sdk.log import Logger, to_logging
from viewra.services import SERVICES, Implementation, SchemaService, Services
from viewra.types import PluginContext, PluginInfo, PluginState

T = TypeVar("T")

CALL_S = 30.0
"""Deadline of one call in seconds: the default for plugins in processes."""


def deadline_s(method: str) -> float:
    """Deadline of one call of this method in seconds."""
    return {"migrate": MIGRATION_S, "rollback": MIGRATION_S, "stop": STOP_S, "execute_task": TASK_S}.get(method, CALL_S)


def plugin_id_of(plugin: Implementation) -> str:
    """The id that the plugin states, or one derived from its class name: ``AudioTags`` → ``audio_tags``."""
    return plugin.info().id or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(plugin).__name__).lower()


class LocalPlugin:
    """One registered object: ``load`` starts it, ``unload`` stops it."""

    installation = None
    pid = None
    records = ()

    def __init__(
        self,
        plugin: Implementation,
        *,
        data_dir: Path,
        log_level: str,
        limits: Limits,
        databases: PluginDatabases,
        hosted: Callable[[str], HostedPlugin],
        services: Services = SERVICES,
    ) -> None:
        self.plugin = plugin
        self.plugin_id = plugin_id_of(plugin)
        self.hosted = hosted(self.plugin_id)
        self.state = PluginState.READY
        self.reason = ""
        directory = data_dir / "plugins" / self.plugin_id
        self._databases = databases
        self._engines: Collection[str] = getattr(plugin.database_service(), "engines", ("sqlite",))
        database = databases.url(self.plugin_id, self._engines) if plugin.database_service() is not None else ""
        self.endpoint = LocalEndpoint(
            self.plugin_id,
            plugin,
            database_url=database,
            deadline_s=deadline_s,
            limits=limits,
            services=services,
        )
        backups = data_dir / "backups" / "plugins" / self.plugin_id
        self.own_database = OwnDatabase(self.plugin_id, database, backups, self.endpoint.code_hash)
        self.sandbox = None  # nothing confines it
        self._context = PluginContext(
            plugin_id=self.plugin_id, log_level=log_level, database_url=database, base_path=str(directory)
        )

    @property
    def info(self) -> PluginInfo:
        """The plugin's description of itself."""
        said = self.endpoint.call(lifecycle.INFO)
        return attrs.evolve(said, id=self.plugin_id, capabilities=said.capabilities or tuple(sorted(self.services)))

    @property
    def services(self) -> frozenset[str]:
        """The services that it implements."""
        return self.endpoint.services

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Call ``work`` with a client of its database service; raises what ``work`` raises."""
        return work(DatabaseClient(self.endpoint))

    def load(self) -> None:
        """Initialize and start it; raises a PluginError if it refuses."""
        if self.endpoint.running:
            return
        Path(self._context.base_path).mkdir(mode=0o700, parents=True, exist_ok=True)
        bind = getattr(self.plugin, "bind", None)
        if bind is not None:
            log = Logger(to_logging(f"viewra.plugin.{self.plugin_id}"), level=self._context.log_level)
            # It is the program's own code: nothing has to be granted to it.
            bind(
                context=self._context,
                log=log,
                host=HostServices(self.hosted.asking(Rights(lambda _: True, anywhere=True))),
            )
        database = self.plugin.database_service()
        if database is not None:
            self._databases.prepare(self.plugin_id, self._engines)
        begin(
            self.endpoint,
            self._context,
            self.own_database if database is not None else None,
            unnamed,
            describes=isinstance(database, SchemaService),
        )
        self.endpoint.running = True
        self.state = PluginState.RUNNING

    def unload(self) -> None:
        """Stop it if it runs; raises a PluginError if its ``stop`` fails."""
        if self.endpoint.running:
            self.endpoint.running = False
            self.state = PluginState.STOPPED
            try:
                self.endpoint.call(lifecycle.STOP)
            finally:
                self.hosted.stopped()

    def restart(self) -> None:
        """Stop it and start it again."""
        self.unload()
        self.load()

    def begin_close(self) -> None:
        """Do nothing: it never starts by itself."""

    def close(self) -> None:
        """Stop it if it runs; raises a PluginError if its ``stop`` fails."""
        self.unload()

    @property
    def stats(self) -> PluginStats:
        """Its statistics."""
        traffic = self.endpoint.traffic
        return PluginStats(
            state=self.state,
            in_flight=traffic.in_flight,
            queued=traffic.queued,
            breaker=str(traffic.breaker_state),
            hooks=traffic.hooks,
            host_calls=self.hosted.figures,
            fetched_bytes=self.hosted.fetched_bytes,
        )

    def draft_migration(self, message: str) -> Path:
        """Write its next migration from the differences between its tables and its migrations; returns the file."""
        from viewra.sdk_db.revision import draft  # it imports Alembic

        service = self.plugin.database_service()
        if service is None:
            raise UsageError(f"plugin {self.plugin_id} has no database of its own")
        return draft(service, message, compared_with(self.own_database, self._engines))

    # ---- what only a plugin in a directory has ----

    @property
    def capped(self) -> Mapping[str, float]:
        """Empty: it has no limits of its own."""
        return {}

    @property
    def runtime(self) -> Runtime:
        """Refused: it has no manifest."""
        raise in_process(self.plugin_id, "run")

    def enable(self) -> None:
        """Refused: the program that registered it controls it."""
        raise in_process(self.plugin_id, "enable")

    def disable(self) -> None:
        """Refused, as ``enable``."""
        raise in_process(self.plugin_id, "disable")

    def reload(self) -> str:
        """Refused: its code was imported by the program."""
        raise in_process(self.plugin_id, "reload")

    def apply_settings(self, config: Mapping[str, str]) -> bool:
        """False: it has no settings."""
        del config
        return False

    def unquarantine(self) -> None:
        """Refused: it has no processes that could crash."""
        raise in_process(self.plugin_id, "let out of quarantine")

    def attach(self, record: Reattach) -> None:
        """Refused: it has no process."""
        del record
        raise in_process(self.plugin_id, "attach to")
