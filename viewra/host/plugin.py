"""``host.plugins["x"]``: one plugin, for operators and for the host's own code."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from viewra.adapters import Endpoint, ServiceClients
from viewra.adapters.by_hand import HandHook
from viewra.codec import lifecycle
from viewra.errors import PluginUnavailable, UsageError, ViewraError
from viewra.host.availability import require_process
from viewra.host.database.migrations import PluginDatabase
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found
from viewra.host.installed.grants import Grant
from viewra.host.installed.pins import Pin
from viewra.host.installed.settings import PluginSettings
from viewra.host.operated import Operated
from viewra.host.running.confining import Sandbox
from viewra.host.running.reattach import Reattach
from viewra.host.running.runner import Runner
from viewra.host.running.status import HealthReport, PluginStats
from viewra.manifest import Manifest, Runtime
from viewra.services import SERVICES, TABLES, Services
from viewra.transport.hclog import LogRecord
from viewra.types import Health, PluginInfo, PluginNotice, PluginProgress, PluginState


class Plugin(ServiceClients):
    """One plugin, with the clients of its services, which raise typed errors where hooks return them in results.

    ``choices`` is None for a plugin that runs without a host. In a fork of the process that created it, it raises
    ViewraError.
    """

    def __init__(
        self, runner: Runner, endpoint: Endpoint, choices: OperatorChoices | None = None, services: Services = SERVICES
    ) -> None:
        self._pid = os.getpid()
        super().__init__(endpoint, services)
        self._own_runner = runner
        self._own_operated = Operated(runner, choices)
        self.id = runner.plugin_id
        self.changing_settings = threading.Lock()
        """Held while settings are changed: each change is checked with those before, and may be undone."""

    def __repr__(self) -> str:
        return f"<Plugin {self.id} {self._own_runner.state}>"

    @property
    def _runner(self) -> Runner:
        require_process(self._pid)
        return self._own_runner

    @property
    def _operated(self) -> Operated:
        require_process(self._pid)
        return self._own_operated

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
        """Its state."""
        return self._runner.state

    @property
    def reason(self) -> str:
        """The reason for its state; may be empty."""
        return self._runner.reason

    @property
    def found(self) -> Found | None:
        """The files found on disk for the version in use; None for an in-process plugin."""
        return self._operated.found

    @property
    def manifest(self) -> Manifest | None:
        """Its manifest; None for an in-process plugin, and if the manifest is invalid."""
        installation = self._runner.installation
        return installation.found.manifest if installation is not None else None

    @property
    def path(self) -> Path | None:
        """Its directory, where the operator put it; None for an in-process plugin."""
        installation = self._runner.installation
        return installation.place.path if installation is not None else None

    @property
    def info(self) -> PluginInfo:
        """Its info, completed from its manifest. Never starts it."""
        return self._runner.info

    @property
    def pid(self) -> int | None:
        """The pid of its process, while it runs in one."""
        return self._runner.pid

    @property
    def services(self) -> tuple[str, ...]:
        """Its services, by their names in a manifest; before its first start those that it declares."""
        return tuple(sorted(self._runner.services))

    @property
    def settings(self) -> PluginSettings:
        """Its settings and their stored values.

        Changes take effect at once if it runs and has ``on_settings_changed``, else at its next start.
        """
        kept, found = self._operated.kept("set"), self._operated.on_disk("set").found
        return self._operated.valid(kept.settings(found, self._runner.apply_settings))

    @property
    def runtime_settings(self) -> PluginSettings:
        """The settings of how it runs, and the operator's values."""
        kept, found = self._operated.kept("set"), self._operated.on_disk("set").found
        return self._operated.valid(kept.runtime_settings(found))

    @property
    def runtime(self) -> Runtime:
        """How it runs: the manifest's values, overridden by the operator's."""
        return self._runner.runtime

    @property
    def capped(self) -> Mapping[str, float]:
        """The limits that its manifest or the operator states, and that are more than the host's caps allow."""
        return self._runner.capped

    @property
    def own_database(self) -> PluginDatabase:
        """Its own database, for migrations by an operator; raises UsageError for a plugin without one."""
        self._operated.require_valid()
        if TABLES not in self._runner.services:
            raise UsageError(f"plugin {self.id} has no database of its own")
        return PluginDatabase(self.id, own=lambda: self._runner.own_database, access=self._runner.with_database)

    def draft_migration(self, message: str) -> Path:
        """Write its next migration, with the difference between its tables and its migrations. Returns the file.

        This runs its code, in a separate process; a plugin object in this process is asked directly. Only for
        ``viewra.sdk_db.AlembicDatabaseService``. Raises UsageError for an unsuitable plugin, MigrationError if there is
        nothing to write, PluginError if its code fails.
        """
        self._operated.require_valid()
        return self._runner.draft_migration(message)

    @property
    def stats(self) -> PluginStats:
        """Its figures since the host opened. Never starts it."""
        return self._runner.stats

    @property
    def progress(self) -> tuple[PluginProgress, ...]:
        """The tasks that it reports while it runs."""
        hosted = self._runner.hosted
        return hosted.progress if hosted is not None else ()

    @property
    def notices(self) -> tuple[PluginNotice, ...]:
        """Its messages to the operator, the last one first."""
        hosted = self._runner.hosted
        return hosted.notices if hosted is not None else ()

    @property
    def health_report(self) -> HealthReport:
        """The result of the last health check. Never starts it, and asks nothing."""
        return self._runner.stats.health

    @property
    def logs(self) -> Sequence[LogRecord]:
        """The last log records of its processes, oldest first."""
        return self._runner.records

    # ---- what the operator does ----

    def enable(self, *, grant_requested: bool = False) -> None:
        """Let it run, from the next call on; stored for this id at this path.

        It may do what it was granted, or with ``grant_requested`` all that its manifest asks for by now.
        """
        installation = self._operated.on_disk("enable")
        self._operated.require_valid()
        if grant_requested:
            self.grant_requested()
        kept, before = self._operated.kept("enable"), self.state
        kept.remember(installation.place, True)
        try:
            self._runner.enable()
        except ViewraError:
            if before is PluginState.DISABLED:
                kept.remember(installation.place, False)
            raise

    def disable(self) -> None:
        """Stop it, and keep it from running; stored for this id at this path."""
        installation = self._operated.on_disk("disable")
        self._operated.kept("disable").remember(installation.place, False)
        self._runner.disable()

    @property
    def permissions(self) -> tuple[Grant, ...]:
        """The permissions that it requests, and whether they are granted; empty for an in-process plugin."""
        return self._operated.permissions

    @property
    def requested(self) -> tuple[Grant, ...]:
        """What the version on disk asks for, which is not in use as long as it may not do that."""
        return self._operated.kept("grant").permissions(self._operated.newest())

    @property
    def sandbox(self) -> Sandbox | None:
        """The sandbox of its processes; None for an in-process plugin, which has none.

        Raises ViewraError if it cannot be sandboxed and so does not start.
        """
        return self._runner.sandbox

    def grant(
        self, *names: str, paths: Sequence[str] = (), libraries: Sequence[str] = (), hosts: Sequence[str] = ()
    ) -> None:
        """Grant it permissions, such as ``network:fetch``.

        ``paths`` and ``libraries`` narrow them to folders, ``hosts`` to these of the hosts. A running plugin is
        reloaded, with no call lost. Raises UsageError, and changes nothing, for permissions and hosts that it does not
        request, and for folders that are not there.
        """
        self._operated.decide(names, granted=True, paths=paths, libraries=libraries, hosts=hosts)

    def grant_requested(self) -> None:
        """Let it do all that its manifest asks for, also that of new code on disk."""
        if names := [one.name for one in self.requested if not one.granted]:
            self.grant(*names)

    def revoke(self, *names: str, hosts: Sequence[str] = ()) -> None:
        """Revoke its permissions, or only these ``hosts`` of them; a running plugin is reloaded, with no call lost."""
        self._operated.decide(names, granted=False, hosts=hosts)

    def pin(self) -> Pin:
        """Pin it to its present code; changed code is refused at the next start."""
        return self._operated.kept("pin").pin(self._operated.on_disk("pin").found)

    def unpin(self) -> None:
        """Remove its pin."""
        self._operated.kept("unpin").unpin(self._operated.on_disk("unpin").found)

    @property
    def pinned(self) -> Pin | None:
        """The digests to which it is pinned, None if it is not."""
        return self._operated.pinned

    def attach(self, record: Reattach) -> None:
        """Attach to a process that the user runs, instead of starting one; the host never ends it."""
        self._runner.attach(record)

    def load(self) -> None:
        """Start it now; raises a PluginError if that fails."""
        self._runner.load()

    def unload(self) -> None:
        """Stop it; only ``load`` and ``restart`` let it run again."""
        self._runner.unload()

    def restart(self) -> None:
        """Stop it and start it again, with the code on disk; calls that arrive meanwhile wait."""
        self._runner.restart()

    def reload(self) -> str:
        """Use the present code, manifest and settings, with no call lost. Returns a description of the result.

        Raises PluginUnavailable, with the reason, if they cannot be used: then the old ones continue to serve.
        """
        return self._runner.reload()

    def unquarantine(self) -> None:
        """Let it run again after too many crashes."""
        self._runner.unquarantine()

    def health(self) -> Health:
        """Ask it for its health; raises PluginUnavailable if it does not run: this never starts it."""
        if not self._endpoint.running:
            raise PluginUnavailable(self.id, f"does not run: it is {self.state}", call="health")
        return self._endpoint.call(lifecycle.HEALTH)

    def call(self, hook: HandHook, arguments: Mapping[str, object]) -> object:
        """Call one hook of this plugin alone; raises a PluginError, NotOffered if it has no answer to give."""
        return hook.call(self._endpoint, arguments)
