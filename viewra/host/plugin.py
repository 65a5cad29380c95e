"""``host.plugins["x"]``: one plugin as the operator and the host's own code see it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import attrs

from viewra.adapters import Endpoint, ServiceClients
from viewra.codec import lifecycle
from viewra.errors import PluginUnavailable, UsageError, ViewraError
from viewra.host.availability import require_process
from viewra.host.database.migrations import PluginDatabase
from viewra.host.installed.discovery import Found
from viewra.host.installed.grants import Grant
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pin, Pins
from viewra.host.installed.settings import PluginSettings
from viewra.host.running.confining import Sandbox
from viewra.host.running.reattach import Reattach
from viewra.host.running.runner import Runner, in_process
from viewra.host.running.status import HealthReport, PluginStats
from viewra.manifest import Manifest, Runtime
from viewra.services import SERVICES, Services
from viewra.transport.hclog import LogRecord
from viewra.types import Health, PluginInfo, PluginState


class Choices(Protocol):
    """Keeps what the operator chose for plugins in directories."""

    def remember(self, found: Found, enabled: bool) -> None:
        """Keep whether this plugin may run, at the place where it is."""
        ...

    def permissions(self, found: Found) -> tuple[Grant, ...]:
        """What this plugin asks for, and whether it may."""
        ...

    def decide(self, found: Found, names: Sequence[str], *, granted: bool, paths: Sequence[str]) -> None:
        """Keep what it may and may not; raises UsageError for what it does not ask for."""
        ...

    def settings(self, found: Found) -> PluginSettings | None:
        """The settings of this version of a plugin; None where its manifest is not valid."""
        ...

    def runtime_settings(self, found: Found) -> PluginSettings | None:
        """What may be set of how it is run; None where its manifest is not valid."""
        ...


class Plugin(ServiceClients):
    """One plugin, with the clients of its services: those raise typed errors, where hooks contain them.

    ``choices`` is None for a plugin that runs without a host. In a fork of the process that made it, it raises
    ViewraError.
    """

    def __init__(
        self, runner: Runner, endpoint: Endpoint, choices: Choices | None = None, services: Services = SERVICES
    ) -> None:
        self._pid = os.getpid()
        super().__init__(endpoint, services)
        self._own_runner = runner
        self._choices = choices
        self.id = runner.plugin_id

    def __repr__(self) -> str:
        return f"<Plugin {self.id} {self._own_runner.state}>"

    @property
    def _runner(self) -> Runner:
        require_process(self._pid)
        return self._own_runner

    @property
    def _endpoint(self) -> Endpoint:
        require_process(self._pid)
        return self._own_endpoint

    @_endpoint.setter
    def _endpoint(self, endpoint: Endpoint) -> None:
        self._own_endpoint = endpoint

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
    def found(self) -> Found | None:
        """What was found on disk of the version in use; None for an in-process plugin."""
        return self._runner.installation.found if self._runner.installation is not None else None

    @property
    def manifest(self) -> Manifest | None:
        """Its manifest; None for an in-process plugin, and for one whose manifest is not valid."""
        return self.found.manifest if self.found is not None else None

    @property
    def path(self) -> Path | None:
        """Its directory, where the operator put it; None for an in-process plugin."""
        return self._runner.installation.place.path if self._runner.installation is not None else None

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
        return self._valid(self._kept("set").settings(self._on_disk("set").found))

    @property
    def runtime_settings(self) -> PluginSettings:
        """What may be set of how it is run, and what the operator set of it."""
        return self._valid(self._kept("set").runtime_settings(self._on_disk("set").found))

    @property
    def runtime(self) -> Runtime:
        """How it is run: as its manifest says, or as the operator set it."""
        return self._runner.runtime

    @property
    def own_database(self) -> PluginDatabase:
        """Its own database, as an operator moves it; raises UsageError for a plugin without one."""
        self._require_valid()
        if "database_service" not in self._runner.services:
            raise UsageError(f"plugin {self.id} has no database of its own")
        return PluginDatabase(self.id, own=lambda: self._runner.own_database, access=self._runner.with_database)

    def draft_migration(self, message: str) -> Path:
        """Write its next migration: what its tables have and its migrations do not make yet; gives the file.

        Its code is run for that, in a process of its own; a plugin object of this process is asked directly. For
        ``viewra.sdk_db.AlembicDatabaseService`` alone. Raises UsageError for a plugin that it cannot be done for,
        MigrationError when there is nothing to write, PluginError when its code breaks down.
        """
        self._require_valid()
        return self._runner.draft_migration(message)

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
        return self._runner.records

    # ---- what the operator does ----

    def enable(self, *, grant_requested: bool = False) -> None:
        """Let it run, from the next call on; remembered for this id at this path.

        It may do what it was granted, or with ``grant_requested`` all that its manifest asks for by now.
        """
        installation = self._on_disk("enable")
        self._require_valid()
        if grant_requested:
            self.grant_requested()
        self._kept("enable").remember(installation.place, True)
        self._runner.enable()

    def disable(self) -> None:
        """Stop it, and keep it from running; remembered for this id at this path."""
        installation = self._on_disk("disable")
        self._kept("disable").remember(installation.place, False)
        self._runner.disable()

    @property
    def permissions(self) -> tuple[Grant, ...]:
        """What it asks for, and whether it may; empty for an in-process plugin, which nothing confines."""
        found = self.found
        return self._choices.permissions(found) if self._choices is not None and found is not None else ()

    @property
    def requested(self) -> tuple[Grant, ...]:
        """What the version on disk asks for, which is not in use as long as it may not do that."""
        return self._kept("grant").permissions(self._newest())

    @property
    def sandbox(self) -> Sandbox | None:
        """What confines its processes, or would; None for an in-process plugin, which nothing confines.

        Raises ViewraError where it cannot be confined, and so does not start.
        """
        return self._runner.sandbox

    def grant(self, *names: str, paths: Sequence[str] = ()) -> None:
        """Let it do what it asks for, as in ``network:fetch``; ``paths`` narrow that to folders.

        If it runs it is reloaded, with no call lost. Raises UsageError, with nothing changed, for what it does not ask
        for.
        """
        self._decide(names, granted=True, paths=paths)

    def grant_requested(self) -> None:
        """Let it do all that its manifest asks for, also that of new code on disk."""
        if names := [one.name for one in self.requested if not one.granted]:
            self.grant(*names)

    def revoke(self, *names: str) -> None:
        """Let it do so no more; if it runs it is reloaded, with no call lost."""
        self._decide(names, granted=False)

    def _decide(self, names: Sequence[str], *, granted: bool, paths: Sequence[str] = ()) -> None:
        self._kept("grant").decide(self._newest(), names, granted=granted, paths=paths)
        if self._runner.pid is not None:
            self._runner.reload()

    def _newest(self) -> Found:
        """The version on disk, which may wait for what it asks for: grants belong to the place of a plugin."""
        installation = self._on_disk("grant")
        return attrs.evolve(installation.on_disk().found, path=installation.place.path)

    def pin(self) -> Pin:
        """Run it only with the code that it has now; code that was changed is refused at the next start."""
        installation = self._on_disk("pin")
        return self._pins(installation).pin(installation.found)

    def unpin(self) -> None:
        """Let any code of it run."""
        installation = self._on_disk("unpin")
        self._pins(installation).unpin(installation.found)

    @property
    def pinned(self) -> Pin | None:
        """What its code is pinned to, None when it is not."""
        installation = self._runner.installation
        if installation is None or installation.pins is None:
            return None
        return installation.pins.of(installation.found)

    def attach(self, record: Reattach) -> None:
        """Use a plugin that somebody runs by hand in place of a process of its own; it is never ended by the host."""
        self._runner.attach(record)

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
        return self._runner.reload()

    def unquarantine(self) -> None:
        """Let it run again after too many crashes."""
        self._runner.unquarantine()

    def health(self) -> Health:
        """Ask it for its health; raises PluginUnavailable when it does not run: asking never wakes it."""
        if not self._endpoint.running:
            raise PluginUnavailable(self.id, f"does not run: it is {self.state}", call="health")
        return self._endpoint.call(lifecycle.HEALTH)

    def _pins(self, installation: Installation) -> Pins:
        if installation.pins is None:
            raise ViewraError(f"plugin {self.id} runs without a host's database: it cannot be pinned")
        return installation.pins

    def _on_disk(self, what: str) -> Installation:
        if self._runner.installation is None:
            raise in_process(self.id, what)
        return self._runner.installation

    def _kept(self, what: str) -> Choices:
        if self._choices is None:
            raise ViewraError(f"plugin {self.id} runs without a host: there is nothing to {what}")
        return self._choices

    def _valid(self, settings: PluginSettings | None) -> PluginSettings:
        self._require_valid()
        assert settings is not None  # noqa: S101 - a valid manifest has them
        return settings

    def _require_valid(self) -> None:
        """Raise PluginUnavailable for a plugin in a directory whose manifest is not valid."""
        if self.found is not None and self.found.manifest is None:
            raise PluginUnavailable(self.id, f"is invalid: {self.reason}", hint="mend its manifest first")
