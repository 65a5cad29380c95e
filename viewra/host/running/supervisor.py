"""One plugin over all its runs and versions: what adapters call by, what the operator does with it, what is due.

It keeps no set of plugins (that is the registry); starts, ends and crashes are the business of its runs, what is on
disk that of its installation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs

from viewra.adapters import Connection, RemoteEndpoint, Traffic
from viewra.adapters.database import DatabaseClient
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pins
from viewra.host.logs.log import PluginLog
from viewra.host.running import adoption
from viewra.host.running.configuration import ConfigSource, RunConfiguration
from viewra.host.running.health import HealthWatch
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.reattach import Reattach
from viewra.host.running.remembered import Remembered
from viewra.host.running.replacement import Reloader
from viewra.host.running.run import Run
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.host.running.slot import StateListener
from viewra.host.running.status import PluginStats
from viewra.host.running.usage import Usage
from viewra.types import PluginInfo, PluginState

log = logging.getLogger("viewra.host")

T = TypeVar("T")


class Supervisor:
    """One plugin that runs in a process of its own. Safe to use from any thread.

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
        self.plugin_id = installation.plugin_id
        self.installation = installation
        self.configuration = configuration
        self.limits = configuration.limits
        self.log = plugin_log
        self._machinery = machinery
        runtime = configuration.runtime
        self.traffic = Traffic(self.plugin_id, calls=runtime.max_calls, queue=runtime.max_queue)
        self._runs = Runs(
            installation,
            configuration,
            machinery=machinery,
            records=records,
            plugin_log=plugin_log,
            traffic=self.traffic,
            enabled=enabled,
            on_state=on_state,
        )
        self._slot = self._runs.slot
        self._health = HealthWatch(self.plugin_id, self.traffic, self._unwell)
        self._usage = Usage()
        self._reloads = 0
        self._ending_idle = threading.Thread()  # at most one: it may have to wait for a reload

    # ---- what it is ----

    @property
    def found(self) -> Found:
        """What was found of the version in use."""
        return self.installation.found

    @property
    def settings(self) -> ConfigSource | None:
        """The settings of the version in use."""
        return self.configuration.settings

    @property
    def pins(self) -> Pins | None:
        """What its code is pinned to is asked here."""
        return self.installation.pins

    @property
    def state(self) -> PluginState:
        """Where it is in its life."""
        return self._slot.state

    @property
    def reason(self) -> str:
        """Why it is in that state; empty where there is nothing to say. What follows the first line is its output."""
        return self._slot.reason

    @property
    def pid(self) -> int | None:
        """The running process."""
        run = self._slot.run
        return run.child.pid if run is not None else None

    @property
    def info(self) -> PluginInfo:
        """What the plugin says it is, completed from its manifest."""
        manifest = self.found.manifest
        run = self._slot.run
        said = run.info if run is not None else PluginInfo(self.plugin_id)
        if manifest is None:
            return said
        names = ("name", "version", "description", "author", "website", "repository", "license", "type", "tags")
        missing = {name: getattr(manifest, name) for name in names if not getattr(said, name)}
        capabilities = said.capabilities or tuple(sorted(self.services))
        return attrs.evolve(said, id=self.plugin_id, capabilities=capabilities, **missing)

    @property
    def services(self) -> frozenset[str]:
        """The services that its process has, or that its manifest claims as long as it has not run."""
        if self._runs.known_services is not None:
            return self._runs.known_services
        return self.found.manifest.capabilities if self.found.manifest is not None else frozenset()

    @property
    def stats(self) -> PluginStats:
        """Its figures."""
        run = self._slot.run
        return PluginStats(
            state=self.state,
            pid=self.pid,
            started_at=run.started_at if run is not None else None,
            starts=self._runs.starts,
            crashes=self._runs.crashes,
            reloads=self._reloads,
            in_flight=self.traffic.in_flight,
            queued=self.traffic.queued,
            breaker=str(self.traffic.breaker_state),
            health=self._health.report(run),
            hooks=self.traffic.hooks,
            resources=self._usage.samples,
        )

    # ---- Link ----

    @property
    def running(self) -> bool:
        """Whether a call finds it started."""
        return self._slot.run is not None

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs, or ran last."""
        return self.installation.used.code_hash

    @property
    def priority(self) -> Mapping[str, int]:
        """How much its word on metadata fields counts, by its manifest."""
        return self.found.manifest.priority if self.found.manifest is not None else {}

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one, and where copies of that are kept."""
        return self.configuration.database(self.installation.used)

    @property
    def database_url(self) -> str:
        """Its own database; "" for a plugin without one."""
        return self.configuration.database_url if "database_service" in self.services else ""

    def agreed_version(self) -> int | None:
        """The version of the services that its process speaks, which is started if need be; None when it does not."""
        try:
            self._runs.run_now()
        except PluginError:
            return None
        run = self._slot.run
        return run.app_version if run is not None else None

    @property
    def known(self) -> bool:
        """Whether it is known which services it has: declared, or found out by a start of this very code."""
        return bool(self.services) or self._runs.known_services is not None

    def offers(self, capability: str) -> bool:
        """Whether it may be called for this service: enabled, valid, and with the service as far as known."""
        if self.state in NOT_TO_RUN:
            return False
        return capability == "plugin" or capability in self.services or not self.known

    def serves(self, wire_service: str) -> bool:
        """Whether its process is known to serve this gRPC service."""
        run = self._slot.run
        return run is not None and run.serves(wire_service)

    def deadline_s(self, method: str) -> float:
        """Seconds that one call may take, by its manifest."""
        return self.configuration.deadline_s(method)

    def acquire(self, patience_s: float) -> Connection:
        """The connection to its process, started if need be, which the call has entered; see ``Runs.enter``."""
        return self._slot.enter() or self._runs.enter(patience_s)

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call on this connection broke."""
        run = self._slot.run
        if run is not None and run.connection is connection:
            loss = run.loss(connection, call)
            if run.child.exited.is_set():  # known here a moment before its own thread tells: no call is to enter it
                self._runs.lost(run)
            return loss
        if self.state in {PluginState.STOPPED, PluginState.DISABLED, PluginState.READY, PluginState.DRAINING}:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        reason = self._runs.short_reason or "its process is gone"
        return PluginUnavailable(self.plugin_id, reason, call=call, in_call=True)

    # ---- what the operator does ----

    def enable(self) -> None:
        """Let it run from now on: from the next call, or at once where its manifest says so."""
        with self._runs.alone():
            self._runs.enabled = True
            if self.state is PluginState.DISABLED:
                self._slot.become(*self._runs.first_state())
        self.start_eagerly()

    def disable(self) -> None:
        """Stop it, and let it run no more."""
        with self._runs.alone(to_end=True):
            self._runs.enabled = False
            self._runs.end()
            if self.state is not PluginState.INVALID:
                self._slot.become(PluginState.DISABLED, "not enabled")

    def load(self) -> None:
        """Start it now; raises PluginUnavailable when that fails. One that runs is left alone."""
        self._runs.run_now(even_stopped=True)

    def unload(self) -> None:
        """Stop it; only ``load`` or ``restart`` lets it run again."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            if self.state not in {*NOT_TO_RUN, PluginState.QUARANTINED}:
                self._slot.become(PluginState.STOPPED, "unloaded")

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now; calls that come meanwhile wait."""
        with self._runs.alone(to_end=True):
            self._runs.end()
            self._runs.start(even_stopped=True)

    def reload(self, *, only_changed: bool = False) -> str:
        """Use the code and the manifest that are on disk now, with no call lost; says what happened.

        "" with ``only_changed``, when they are those in use, or were refused before. One that does not run is started
        with them by its next call. Raises PluginUnavailable, with the reason, when they cannot be used: then the old
        ones serve on.
        """
        runs = self._runs
        with runs.alone():
            old, new = self.installation.used, self.installation.on_disk()
            if only_changed and not self.installation.is_new(new):  # somebody was faster, or it was taken back
                if self.installation.is_back(new):
                    self._slot.become(PluginState.RUNNING, only_from={PluginState.RUNNING})
                return ""
            run = self._slot.run
            if self.installation.is_another(new):
                raise PluginUnavailable(self.plugin_id, f"has another id in {new.manifest.file}: {new.manifest.id}")
            if run is None:
                return self._take_up(new)
            if run.by_hand:
                raise PluginUnavailable(self.plugin_id, "is run by hand", hint="start it again where it runs")
            reloader = Reloader(
                self.plugin_id,
                self._slot,
                runs.leaving,
                self.installation,
                self.configuration,
                runs.launch,
                runs.serve,
                runs.closing,
            )
            try:
                said = reloader.replace(run, old, new)
            except PluginUnavailable:
                self.installation.refuse(new)
                raise
            self._reloads += 1
            return said

    def unquarantine(self) -> None:
        """Let it run again after too many crashes; one that is in no quarantine is left alone."""
        with self._runs.alone():
            self._runs.forgive()
            if self.state is PluginState.QUARANTINED:
                self._slot.become(*self._runs.first_state())
        self.start_eagerly()

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Do something with its database while it is stopped; its process runs only as far as that needs.

        Raises PluginUnavailable when it cannot be started, and what ``work`` raises.
        """
        with self._runs.alone():
            if self.state in NOT_TO_RUN:
                raise PluginUnavailable(self.plugin_id, f"is {self.state}: {self.reason}")
            stays = {PluginState.STOPPED, PluginState.QUARANTINED}
            after = (self.state, self.reason) if self.state in stays else (PluginState.READY, "")
            self._runs.end()
            code = self.installation.to_start()
            self._slot.become(PluginState.STARTING)
            try:
                run = self._runs.launch(code, only_database=True)
            except PluginError as error:
                self._runs.failed(error)
                raise
            self._runs.use(code)
            try:
                return work(DatabaseClient(RemoteEndpoint(run)))
            finally:
                run.stop()
                self._slot.become(*after)

    def adopt(self) -> None:
        """Take over the process that an earlier host left running, if there is one; one of other code is ended."""
        if self._machinery is not None:
            adoption.adopt(self._runs)

    def attach(self, record: Reattach) -> None:
        """Use a plugin that somebody runs by hand, in place of a process of its own; raises PluginUnavailable."""
        adoption.attach(self._runs, record)

    def detach(self) -> bool:
        """Leave its process to the next host, for as long as its lease runs; False for one that cannot be left."""
        return adoption.detach(self._runs)

    def begin_close(self) -> None:
        """Start it no more; a start or a drain that is under way is cut short."""
        self._runs.closing.close()

    def close(self, reason: str = "the host is closing") -> None:
        """Stop it for good."""
        try:
            self._runs.close(reason)
        finally:
            self.log.close()

    # ---- what the host does by itself ----

    def start_eagerly(self) -> None:
        """Start it, on a thread of its own, if its manifest says that it is not to wait for a call."""
        if self.state is PluginState.READY and not self.configuration.runtime.lazy and self._machinery is not None:
            self._runs.start_later(0.0)

    def tick(self) -> None:
        """Ask for its health and look at what it uses, where that is due; stop one that nobody calls. Never waits."""
        run = self._slot.run
        if run is None:
            return
        runtime = self.configuration.runtime
        self._health.tick(run, runtime.health)
        self._usage.tick(run.child.pid)
        idle_s = runtime.idle_timeout_s
        if idle_s and not run.by_hand and run.connection.idle_s >= idle_s and not self._ending_idle.is_alive():
            self._ending_idle = threading.Thread(
                target=self._runs.end_idle, args=(idle_s,), name=f"idle-{self.plugin_id}", daemon=True
            )
            self._ending_idle.start()

    # ---- within ----

    def _take_up(self, new: Code) -> str:
        """Use another version of a plugin that does not run."""
        valid = new.found.manifest is not None
        if new == self.installation.used and valid and self.state is not PluginState.INVALID:
            self._runs.use(new)  # what the operator set may be new
            return f"version {new.version} is in use, and does not run: {self.state}"
        self._runs.take_up(new)
        stays = {PluginState.STOPPED} if self._runs.short_reason == "unloaded" else set()
        if not valid or self.state not in stays:
            self._slot.become(*self._runs.first_state())
        new.manifest  # noqa: B018 - raises for one that is not valid
        self.start_eagerly()
        return f"version {new.version} is in use from its next start on"

    def _unwell(self, run: Run, reason: str) -> None:
        if run.by_hand:  # somebody may be looking at it in a debugger
            log.warning("plugin %s %s", self.plugin_id, reason)
            return
        log.error("plugin %s %s: it is ended", self.plugin_id, reason)
        thread = threading.Thread(target=run.condemn, args=(reason,), name=f"condemn-{self.plugin_id}", daemon=True)
        thread.start()  # it waits for the end, and whoever calls is a thread of gRPC's
