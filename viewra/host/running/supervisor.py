"""Supervises one plugin across restarts and upgrades: what an operator does with it, and what is done for it in time.

Its runs start and end processes; adapters reach those through its link; what it is and how it is doing is in
``portrait``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import attrs

from viewra.adapters import Traffic
from viewra.adapters.database import DatabaseClient
from viewra.errors import PluginError, PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import PluginLog
from viewra.host.running import adoption
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Sandbox
from viewra.host.running.draft import draft
from viewra.host.running.health import HealthWatch
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.link import RunsLink
from viewra.host.running.pool import StateListener
from viewra.host.running.portrait import Portrait
from viewra.host.running.reattach import Reattach
from viewra.host.running.remembered import PluginMemory, Remembered
from viewra.host.running.replacement import Reloader
from viewra.host.running.run import Run
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.host.running.states import Event
from viewra.host.running.status import PluginStats
from viewra.host.running.usage import Usage
from viewra.host.running.watchdog import Watchdog
from viewra.host.sync.tasks import Tasks
from viewra.transport.hclog import LogRecord
from viewra.types import PluginState

log = logging.getLogger("viewra.host")

T = TypeVar("T")


class Supervisor(Portrait):
    """One plugin that runs in processes of its own. Safe to use from any thread.

    Without ``machinery`` it starts none; ``records`` keeps what outlives this host.
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
        health = HealthWatch(traffic, self._unwell, now=runs.clock.now)
        super().__init__(runs, traffic, health, Usage(now=runs.clock.now))
        self.log = plugin_log
        self._machinery = machinery
        self.link = RunsLink(runs)
        self._tasks = Tasks(clock=runs.clock)
        self._watchdog = Watchdog(installation.private_dir, self._unwell, self._tasks, now=runs.clock.now)
        self._ending_idle = False

    # ---- what the operator does ----

    def enable(self) -> None:
        """Let it run from now on: from the next call, or at once where its manifest says so."""
        self.configuration.prepare()
        with self._runs.alone():
            self._runs.enabled = True
            if self.state is PluginState.DISABLED:
                self.pool.become(Event.READ, *self._runs.first_state())
        self.start_eagerly()

    def disable(self) -> None:
        """Stop it, and let it run no more."""
        with self._runs.alone(to_end=True):
            self._runs.enabled = False
            self._runs.end()
            if self.state is not PluginState.INVALID:
                self.pool.become(Event.DISABLE, PluginState.DISABLED, "not enabled")

    def load(self) -> None:
        """Start it now; raises PluginUnavailable when that fails. One that runs is left alone."""
        self._runs.run_now(even_stopped=True)

    def unload(self) -> None:
        """Stop it; only ``load`` or ``restart`` lets it run again."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            self._runs.stopped("unloaded")

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now; calls that come meanwhile wait."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            self._runs.start(even_stopped=True)

    def reload(self, *, only_changed: bool = False, code: Code | None = None) -> str:
        """Use the code and the manifest that are on disk now, with no call lost; says what happened.

        "" with ``only_changed``, when they are those in use, or were refused before. ``code`` is what was found on disk
        just now, if somebody looked. A plugin that does not run is started with the new code by its next call. Raises
        PluginUnavailable, with the reason, when the new code cannot be used: then the old one serves on.
        """
        runs, installation = self._runs, self.installation
        with runs.alone():
            old, new = installation.used, code or installation.on_disk()
            if only_changed and not installation.is_new(new):  # it was reloaded meanwhile, or it was taken back
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

    def unquarantine(self) -> None:
        """Let it run again after too many crashes; one that is in no quarantine is left alone."""
        with self._runs.alone():
            self._runs.forgive()
            if self.state is PluginState.QUARANTINED:
                self.pool.become(Event.READ, *self._runs.first_state())
        self.start_eagerly()

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Do something with its database while it is stopped; its process runs only as far as that needs.

        Raises PluginUnavailable when it cannot be started, and what ``work`` raises.
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
            except PluginError as error:
                runs.crashes.failed(error)
                raise
            runs.use(configured)
            try:
                return work(DatabaseClient(run.endpoint))
            finally:
                run.stop()
                self.pool.become(Event.LOOKED, *after)

    @property
    def stats(self) -> PluginStats:
        """As ``Portrait`` has it, and what its folders hold."""
        return attrs.evolve(super().stats, disk_bytes=self._watchdog.disk_bytes)

    @property
    def sandbox(self) -> Sandbox:
        """What confines the process that runs, or would confine one; raises ViewraError where none can be."""
        first = self.pool.first
        return first.spec.sandbox if first is not None else self.configuration.sandbox(self.configuration.used)

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one, and where copies of that are kept."""
        return self._runs.configuration.database(self.installation.used)

    def draft_migration(self, message: str) -> Path:
        """Write its next migration, with what its tables have and its migrations do not make yet; gives the file."""
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
        """The last records that its processes wrote, oldest first."""
        return self.log.records

    def adopt(self) -> None:
        """Take over the process that an earlier host left running, if there is one; one of other code is ended."""
        if self._runs.launching.possible:
            adoption.adopt(self._runs)

    def attach(self, record: Reattach) -> None:
        """Use a plugin that somebody runs by hand, in place of a process of its own; raises PluginUnavailable."""
        adoption.attach(self._runs, record)

    def detach(self) -> bool:
        """Leave its process to the next host, for as long as its lease runs; False for one that cannot be left."""
        return adoption.detach(self._runs)

    def begin_close(self) -> None:
        """Start it no more; a start or drain in progress is cancelled."""
        self._runs.closing.close()

    def close(self, reason: str = "the host is closing") -> None:
        """Stop it for good."""
        try:
            self._runs.close(reason)
            self._tasks.close()
        finally:
            self.log.close()

    # ---- what the host does by itself ----

    def use_folders(self) -> None:
        """Replace its processes, with no call lost, when the library has other folders than they may use."""
        first = self.pool.first
        if first is not None and not first.by_hand and self.configuration.has_other_folders(first.spec.sandbox):
            self.reload()

    def start_eagerly(self) -> None:
        """Start it, in a task of its own, if its manifest says that it is not to wait for a call."""
        lazy = self.configuration.runtime.lazy
        if self.state is PluginState.READY and not lazy and self._runs.launching.possible:
            self._runs.crashes.restart.set(0.0)

    def tick(self) -> None:
        """Ask for its health and look at what it uses, where that is due; stop one that nobody calls. Never waits."""
        runs = self.pool.runs
        if not runs:
            return
        runtime = self.configuration.runtime
        self._health.tick(runs, runtime.health)
        self._usage.tick([run.process.pid for run in runs])
        self._watchdog.tick(runs, self._usage.of, runtime)
        idle_s = runtime.idle_timeout_s
        if idle_s and not runs[0].by_hand and self.pool.idle_s >= idle_s and not self._ending_idle:
            self._ending_idle = True  # one at a time: it may have to wait for a reload
            self._tasks.start(f"idle-{self.plugin_id}", lambda: self._end_idle(idle_s))

    # ---- within ----

    def _end_idle(self, idle_s: float) -> None:
        try:
            self._runs.end_idle(idle_s)
        finally:
            self._ending_idle = False

    def _take_up(self, new: Code) -> str:
        """Use another version of a plugin that does not run."""
        valid = new.found.manifest is not None
        if new == self.installation.used and valid and self.state is not PluginState.INVALID:
            self._runs.use(self.configuration.configure(new))  # what the operator set may be new
            return f"version {new.version} is in use, and does not run: {self.state}"
        self._runs.take_up(new)
        stays = {PluginState.STOPPED} if self.pool.short_reason == "unloaded" else set()
        if not valid or self.state not in stays:
            self.pool.become(Event.READ, *self._runs.first_state())
        new.manifest  # noqa: B018 - raises for one that is not valid
        self.start_eagerly()
        return f"version {new.version} is in use from its next start on"

    def _unwell(self, run: Run, reason: str) -> None:
        if run.by_hand:  # somebody may be looking at it in a debugger
            log.warning("plugin %s %s", self.plugin_id, reason)
            return
        log.error("plugin %s %s: it is ended", self.plugin_id, reason)
        # It waits for the end, and this may be a thread of gRPC's.
        self._tasks.start(f"condemn-{self.plugin_id}", lambda: run.condemn(reason))
