"""``host.plugins["x"]``: one plugin as the operator and the host's own code see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from viewra.adapters import Endpoint, ServiceClients
from viewra.codec import lifecycle
from viewra.errors import PluginUnavailable, UsageError, ViewraError
from viewra.host.database.migrations import PluginDatabase
from viewra.host.installed.discovery import Found
from viewra.host.installed.pins import Pin, Pins
from viewra.host.installed.settings import PluginSettings
from viewra.host.running.in_process import LocalPlugin
from viewra.host.running.reattach import Reattach
from viewra.host.running.status import HealthReport, PluginStats
from viewra.host.running.supervisor import Supervisor
from viewra.manifest import Manifest, Runtime
from viewra.transport.hclog import LogRecord
from viewra.types import Health, PluginInfo, PluginState


class Enabling(Protocol):
    """How the operator's choice is kept: by id and real path."""

    def __call__(self, found: Found, enabled: bool) -> None:
        """Remember it."""
        ...


class Plugin(ServiceClients):
    """One plugin, with the clients of its services: those raise typed errors, where hooks contain them."""

    def __init__(self, runner: Supervisor | LocalPlugin, endpoint: Endpoint, remember: Enabling) -> None:
        super().__init__(endpoint)
        self._runner = runner
        self._remember = remember
        self.id = runner.plugin_id

    def __repr__(self) -> str:
        return f"<Plugin {self.id} {self.state}>"

    # ---- what it is ----

    @property
    def state(self) -> PluginState:
        """Where it is in its life."""
        return self._runner.state

    @property
    def reason(self) -> str:
        """Why it is in that state; empty where there is nothing to say."""
        return self._runner.reason

    @property
    def manifest(self) -> Manifest | None:
        """Its manifest; None for an in-process plugin, and for one whose manifest is not valid."""
        return self._runner.found.manifest if isinstance(self._runner, Supervisor) else None

    @property
    def path(self) -> Path | None:
        """Its directory; None for an in-process plugin."""
        return self._runner.found.directory if isinstance(self._runner, Supervisor) else None

    @property
    def info(self) -> PluginInfo:
        """What it says it is, completed from its manifest. Never wakes it."""
        return self._runner.info

    @property
    def pid(self) -> int | None:
        """Its process, while it runs in one."""
        return self._runner.pid

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it has, by their names in a manifest; before its first start those it declares."""
        return tuple(sorted(self._runner.services))

    @property
    def settings(self) -> PluginSettings:
        """Its settings: what there is, and what the operator set. Changes reach it when it starts the next time."""
        settings = self._supervisor("set").settings
        if not isinstance(settings, PluginSettings):
            raise PluginUnavailable(self.id, f"is invalid: {self.reason}", hint="mend its manifest first")
        return settings

    @property
    def runtime(self) -> Runtime:
        """How it is run: as its manifest says, or as the operator set it."""
        return self._supervisor("run").configuration.runtime

    @property
    def own_database(self) -> PluginDatabase:
        """Its own database, as an operator moves it; raises UsageError for a plugin without one."""
        return PluginDatabase(self._runner)

    def draft_migration(self, message: str) -> Path:
        """Write its next migration: what its tables have and its migrations do not make yet; gives the file.

        Its code is run for that, in a process of its own; a plugin object of this process is asked directly. For
        ``viewra.sdk_db.AlembicDatabaseService`` alone. Raises UsageError for a plugin that it cannot be done for,
        MigrationError when there is nothing to write, PluginError when its code breaks down.
        """
        from viewra.host.database.drafting import draft  # for developers only

        return draft(self._runner, message)

    @property
    def stats(self) -> PluginStats:
        """Its figures since the host opened. Never wakes it."""
        return self._runner.stats

    @property
    def health_report(self) -> HealthReport:
        """What the last look at its health said. Never wakes it, and asks nothing."""
        return self._runner.stats.health

    @property
    def logs(self) -> Sequence[LogRecord]:
        """The last records that its process wrote, oldest first."""
        return self._runner.log.records if isinstance(self._runner, Supervisor) else ()

    # ---- what the operator does ----

    def enable(self) -> None:
        """Let it run, from the next call on; remembered for this id at this path."""
        supervisor = self._supervisor("enable")
        if supervisor.found.manifest is None:
            raise PluginUnavailable(self.id, f"is invalid: {self.reason}", hint="mend its manifest first")
        self._remember(supervisor.found, True)
        supervisor.enable()

    def disable(self) -> None:
        """Stop it, and keep it from running; remembered for this id at this path."""
        supervisor = self._supervisor("disable")
        self._remember(supervisor.found, False)
        supervisor.disable()

    def pin(self) -> Pin:
        """Run it only with the code that it has now; code that was changed is refused at the next start."""
        return self._pins().pin(self._supervisor("pin").found)

    def unpin(self) -> None:
        """Let any code of it run."""
        self._pins().unpin(self._supervisor("unpin").found)

    @property
    def pinned(self) -> Pin | None:
        """What its code is pinned to, None when it is not."""
        if not isinstance(self._runner, Supervisor) or self._runner.pins is None:
            return None
        return self._runner.pins.of(self._runner.found)

    def attach(self, record: Reattach) -> None:
        """Use a plugin that somebody runs by hand in place of a process of its own; it is never ended by the host."""
        self._supervisor("attach to").attach(record)

    def load(self) -> None:
        """Start it now; raises a PluginError when that fails."""
        self._runner.load()

    def unload(self) -> None:
        """Stop it; only ``load`` or ``restart`` lets it run again."""
        self._runner.unload()

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now; calls that come meanwhile wait."""
        self._runner.restart()

    def reload(self) -> str:
        """Use the code, manifest and settings that are there now, with no call lost; says what happened.

        Raises PluginUnavailable, with the reason, when they cannot be used: then the old ones serve on.
        """
        return self._supervisor("reload").reload()

    def unquarantine(self) -> None:
        """Let it run again after too many crashes."""
        self._supervisor("let out of quarantine").unquarantine()

    def health(self) -> Health:
        """Ask it for its health; raises PluginUnavailable when it does not run: asking never wakes it."""
        if not self._endpoint.running:
            raise PluginUnavailable(self.id, f"does not run: it is {self.state}", call="health")
        return self._endpoint.call(lifecycle.HEALTH)

    def _pins(self) -> Pins:
        pins = self._supervisor("pin").pins
        if pins is None:
            raise ViewraError(f"plugin {self.id} runs without a host's database: it cannot be pinned")
        return pins

    def _supervisor(self, what: str) -> Supervisor:
        if isinstance(self._runner, Supervisor):
            return self._runner
        raise UsageError(
            f"plugin {self.id} is registered in this process: there is nothing to {what}", hint="use host.unregister()"
        )
