"""Supervises one plugin across restarts and upgrades: the actions of operators and of the host.

``runs`` starts and stops its processes; adapters reach them through ``link``; ``portrait`` has its state and figures;
``tending`` does what is due periodically.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from viewra.adapters import Traffic
from viewra.adapters.database import DatabaseClient
from viewra.codec import lifecycle
from viewra.errors import NotOffered, PluginError, PluginTimeout, PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import PluginLog
from viewra.host.running import adoption
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Sandbox
from viewra.host.running.draft import draft
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.link import RunsLink
from viewra.host.running.pool import StateListener
from viewra.host.running.portrait import Portrait
from viewra.host.running.reattach import Reattach
from viewra.host.running.remembered import PluginMemory, Remembered
from viewra.host.running.replacement import Reloader
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.host.running.states import Event
from viewra.host.running.tending import Tending
from viewra.transport.hclog import LogRecord
from viewra.types import PluginState

log = logging.getLogger("viewra.host")

T = TypeVar("T")


class Supervisor(Portrait):
    """The ``Runner`` of one plugin that runs in its own processes. Thread-safe.

    Without ``machinery`` it starts none; ``records`` stores what later hosts need.
    """

    def __init__(
        self,
        installation: Installation,
        configuration: RunConfiguration,
        *,
        plugin_log: PluginLog,
        machinery: Machinery | None,
        records: Remembered | None = None,
        enabled: bool,
        on_state: StateListener,
    ) -> None:
        runtime = configuration.runtime
        traffic = Traffic(installation.plugin_id, calls=runtime.max_calls, queue=runtime.max_queue)
        runs = Runs(
            installation,
            configuration,
            machinery=machinery,
            memory=PluginMemory(installation, records),
            plugin_log=plugin_log,
            traffic=traffic,
            enabled=enabled,
            on_state=on_state,
        )
        super().__init__(runs, traffic, Tending(runs, traffic))
        self.log = plugin_log
        self._machinery = machinery
        self.link = RunsLink(runs)

    # ---- operators' actions ----

    def enable(self) -> None:
        """Allow it to run: it starts with the next call, or at once if its manifest says so.

        Builds its environment before; raises PluginUnavailable if that fails.
        """
        self.configuration.prepare()
        if self._runs.launching.possible:
            self._runs.launching.prepare(self.configuration.used.code)
        with self._runs.alone():
            self._runs.enabled = True
            if self.state is PluginState.DISABLED:
                self.pool.become(Event.READ, *self._runs.first_state())
        self.start_eagerly()

    def disable(self) -> None:
        """Stop it, and do not allow it to run."""
        with self._runs.alone(to_end=True):
            self._runs.enabled = False
            self._runs.end()
            if self.state is not PluginState.INVALID:
                self.pool.become(Event.DISABLE, PluginState.DISABLED, "not enabled")

    def load(self) -> None:
        """Start it now unless it runs; raises PluginUnavailable if that fails."""
        self._runs.run_now(even_stopped=True)

    def unload(self) -> None:
        """Stop it; only ``load`` and ``restart`` start it again."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            self._runs.stopped("unloaded")

    def restart(self) -> None:
        """Stop it and start it again with the code that is on disk now; calls wait meanwhile."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            self._runs.start(even_stopped=True)

    def reload(self, *, only_changed: bool = False, code: Code | None = None) -> str:
        """Replace the code and manifest in use by those on disk without losing a call; returns a message.

        With ``only_changed`` it returns "" if they are in use already or were refused before. ``code`` is the code on
        disk if the caller has just read it. If the plugin does not run, its next call starts the new code. Raises
        PluginUnavailable with the reason if the new code cannot be used; then the old code continues to serve.
        """
        runs, installation = self._runs, self.installation
        with runs.alone():
            old, new = installation.used, code or installation.on_disk()
            if only_changed and not installation.is_new(new):  # it was reloaded meanwhile, or the change was undone
                if installation.is_back(new):
                    self.pool.become(Event.TOLD, PluginState.RUNNING, only_from={PluginState.RUNNING})
                return ""
            run = self.pool.first
            if installation.is_another(new):
                raise PluginUnavailable(self.plugin_id, f"has another id in {new.manifest.file}: {new.manifest.id}")
            if run is None:
                return self._take_up(new)
            if run.by_hand:
                raise PluginUnavailable(self.plugin_id, "is run by hand", hint="start it again where it runs")
            try:
                said = Reloader(runs).replace(run, old, new)
            except PluginUnavailable:
                installation.refuse(new)
                raise
            self._reloads += 1
            return said

    def apply_settings(self, config: Mapping[str, str]) -> bool:
        """Have all running processes use these settings, if they can; False: they need other processes for that.

        One that does not answer in time is to be replaced, too. Raises PluginFault if the plugin refuses them: then all
        use those of before.
        """
        with self._runs.alone():
            runs = tuple(self.pool.runs)
            if not runs or not all(run.serves(lifecycle.APPLY.wire_service) for run in runs):
                return False
            before = self.configuration.configure(self.installation.used).config()
            for number, run in enumerate(runs):
                try:
                    run.endpoint.call(lifecycle.APPLY, config)
                except PluginError as error:
                    for changed in runs[:number]:
                        with contextlib.suppress(PluginError):  # what is told of is why the settings were not used
                            changed.endpoint.call(lifecycle.APPLY, before)
                    if isinstance(error, PluginTimeout | NotOffered):
                        return False
                    raise
        return True

    def unquarantine(self) -> None:
        """Allow it to run again after too many crashes; does nothing if it is not in quarantine."""
        with self._runs.alone():
            self._runs.forgive()
            if self.state is PluginState.QUARANTINED:
                self.pool.become(Event.READ, *self._runs.first_state())
        self.start_eagerly()

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Stop it and call ``work`` with a client of its database service, from a process that is not initialized.

        Raises PluginUnavailable if that process cannot be started, and what ``work`` raises.
        """
        runs = self._runs
        with runs.alone():
            if self.state in NOT_TO_RUN:
                raise PluginUnavailable(self.plugin_id, f"is {self.state}: {self.reason}")
            stays = {PluginState.STOPPED, PluginState.QUARANTINED}
            after = (self.state, self.reason) if self.state in stays else (PluginState.READY, "")
            runs.end()
            code = self.installation.to_start()
            self.pool.become(Event.START, PluginState.STARTING)
            try:
                run, configured = runs.launching.launch(code, only_database=True)
            except BaseException as error:
                runs.failed(error)
                raise
            runs.use(configured)
            try:
                return work(DatabaseClient(run.endpoint))
            finally:
                run.stop()
                self.pool.become(Event.LOOKED, *after)

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox of the running process, or of a new one; raises ViewraError if none is possible."""
        first = self.pool.first
        return first.spec.sandbox if first is not None else self.configuration.sandbox(self.configuration.used)

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one, and where the host keeps copies of it."""
        return self._runs.configuration.database(self.installation.used)

    def draft_migration(self, message: str) -> Path:
        """Write its next migration from the differences between its tables and its migrations; returns the file."""
        if self.state is PluginState.DISABLED:
            raise PluginUnavailable(
                self.plugin_id,
                f"is disabled: {self.reason}; its code is run to see its tables",
                hint=f"viewra plugins enable {self.plugin_id}",
            )
        if (machinery := self._machinery) is None:
            raise PluginUnavailable(self.plugin_id, "is not started by a host that only looks")
        return draft(self.installation, self.configuration, machinery, message)

    @property
    def records(self) -> Sequence[LogRecord]:
        """The last log records of its processes, oldest first."""
        return self.log.records

    # ---- the host's actions ----

    def adopt(self) -> None:
        """Take over the process that an earlier host left running, if any; stops it if it runs other code."""
        if self._runs.launching.possible:
            adoption.adopt(self._runs)

    def attach(self, record: Reattach) -> None:
        """Use a process that a developer started by hand instead of starting one; raises PluginUnavailable."""
        adoption.attach(self._runs, record)

    def detach(self) -> bool:
        """Leave the process running for the next host until its lease ends; False if it is not detachable."""
        return adoption.detach(self._runs)

    def begin_close(self) -> None:
        """Start nothing more, and cancel a start or drain in progress."""
        self._runs.closing.close()

    def close(self, reason: str = "the host is closing") -> None:
        """Stop it permanently."""
        try:
            self._runs.close(reason)
            self.tending.close()
        finally:
            self.log.close()

    def use_folders(self) -> None:
        """Replace its processes without losing a call if the library's folders differ from those that they may use."""
        first = self.pool.first
        if first is not None and not first.by_hand and self.configuration.has_other_folders(first.spec.sandbox):
            self.reload()

    def start_eagerly(self) -> None:
        """Start it in the background if its manifest requests a start without a call."""
        lazy = self.configuration.runtime.lazy
        if self.state is PluginState.READY and not lazy and self._runs.launching.possible:
            self._runs.crashes.restart.set(0.0)

    # ---- private ----

    def _take_up(self, new: Code) -> str:
        """Use another version of a plugin that does not run."""
        valid = new.found.manifest is not None
        if new == self.installation.used and valid and self.state is not PluginState.INVALID:
            self._runs.use(self.configuration.configure(new))  # the operator's settings may have changed
            return f"version {new.version} is in use, and does not run: {self.state}"
        self._runs.take_up(new)
        stays = {PluginState.STOPPED} if self.pool.short_reason == "unloaded" else set()
        if not valid or self.state not in stays:
            self.pool.become(Event.READ, *self._runs.first_state())
        new.manifest  # noqa: B018 - raises for one that is not valid
        self.start_eagerly()
        return f"version {new.version} is in use from its next start on"
