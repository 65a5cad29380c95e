"""Starts and stops the processes of one plugin, when a call needs them or an operator requests it.

``pool`` holds the runs that serve, and the state; ``crashes`` handles crashes; ``launching`` starts processes.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

from viewra.adapters import Connection, Traffic
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.host.installed.code import Code
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import PluginLog
from viewra.host.running import draining
from viewra.host.running.configuration import Configured, RunConfiguration
from viewra.host.running.crashes import Crashes
from viewra.host.running.demand import Demand
from viewra.host.running.draining import Draining
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.launching import CLOSING, Launching
from viewra.host.running.pool import Pool, StateListener
from viewra.host.running.remembered import PluginMemory
from viewra.host.running.run import Run
from viewra.host.running.states import Event
from viewra.host.running.workers import Workers
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM
from viewra.host.sync.timer import Still
from viewra.host.sync.turn import Turn
from viewra.services import TABLES
from viewra.types import PluginState

log = logging.getLogger("viewra.host")

NOT_TO_RUN = frozenset({PluginState.INVALID, PluginState.DISABLED})
DRAIN_S = 2.0
"""Seconds that calls in flight get before a plugin is stopped; short, because an operator waits for it."""


class Runs:
    """The runs of one supervisor. Without ``machinery`` it starts nothing."""

    def __init__(
        self,
        installation: Installation,
        configuration: RunConfiguration,
        *,
        machinery: Machinery | None,
        memory: PluginMemory,
        plugin_log: PluginLog,
        traffic: Traffic,
        enabled: bool,
        on_state: StateListener,
    ) -> None:
        self.plugin_id = installation.plugin_id
        self.installation = installation
        self.configuration = configuration
        self.enabled = enabled
        self.memory = memory
        self.clock = clock = machinery.clock if machinery is not None else SYSTEM
        self.closing = Cancellation(clock=clock)
        self.draining = Draining(self.plugin_id, clock=clock)
        self.known_services = memory.services()
        self.wire_services: frozenset[str] | None = None  # of the code that served last; None: not known
        self._traffic = traffic
        self._owner = os.getpid()
        self._turn = Turn(clock=clock)  # held during a whole start, stop or reload
        self.pool = Pool(
            self.plugin_id, on_state, *self.first_state(), policy=configuration.runtime.restart, clock=clock
        )
        self.crashes = Crashes(
            installation, plugin_log.telling, self.pool, memory, self.draining, self._start_again, clock
        )
        self.launching = Launching(
            self.plugin_id, configuration, machinery, plugin_log, self._turn, self.closing, self.crashes.exited
        )
        self.workers = Workers(
            installation, configuration, self.pool, self.launching, self.crashes, self.draining, Demand(clock.now)
        )

    def first_state(self) -> tuple[PluginState, str]:
        """The state and the reason of a plugin that has not been started."""
        place = self.installation.found
        if place.manifest is None:
            return PluginState.INVALID, "; ".join(map(str, place.errors))
        if not self.enabled:
            return PluginState.DISABLED, "not enabled"
        quarantine = self.memory.quarantine()
        return (PluginState.QUARANTINED, quarantine) if quarantine else (PluginState.READY, "")

    @property
    def services(self) -> frozenset[str]:
        """The services that its process has; before its first start those that its manifest declares."""
        if self.known_services is not None:
            return self.known_services
        return self.configuration.used.declared

    @contextlib.contextmanager
    def alone(self, until: float | None = None, *, to_end: bool = False) -> Iterator[None]:
        """Hold the turn, so that no other thread changes the runs; raises PluginUnavailable at ``until``.

        With ``to_end`` a start in progress is cancelled.
        """
        if not self._turn.take(until, cutting=to_end):
            raise PluginUnavailable(
                self.plugin_id, f"is still {self.pool.state}: a call that waited has run out of time"
            )
        try:
            yield
        finally:
            self._turn.give_back()

    # ---- starting ----

    def enter(self, patience_s: float) -> Connection:
        """Enter a call into a process, which is started if necessary.

        While the plugin starts, restarts or is replaced, the call waits for up to ``patience_s`` seconds or as long as
        a start may take. Raises PluginUnavailable or PluginClosed.
        """
        until = self.clock.now() + max(patience_s, self.configuration.used.runtime.start_timeout_s)
        while True:
            if pause_s := self.pool.awaited_s:
                self.closing.wait(max(0.0, min(pause_s, until - self.clock.now())))
            with self.alone(until):
                connection = self.pool.enter()
                if connection is None and not self.pool.awaited_s:
                    self.start()
                    connection = self.pool.enter()
            if connection is not None:
                return connection
            if self.clock.now() >= until:
                raise PluginUnavailable(self.plugin_id, self.pool.short_reason or "ended as soon as it had started")

    def run_now(self, *, even_stopped: bool = False) -> None:
        """Start it unless it runs; ``even_stopped``: on operators' request. Raises PluginUnavailable, PluginClosed."""
        with self.alone():
            if not self.pool.runs:
                self.start(even_stopped=even_stopped)

    def start(self, *, even_stopped: bool = False) -> None:
        """Start it while holding the turn; ``even_stopped``: an operator requests it.

        If it was to start by itself, a failed start is repeated after a pause without a call. Calls are served as soon
        as one process is proven; further workers start in the background. Raises PluginUnavailable or PluginClosed.
        """
        if even_stopped:
            self.pool.end_pause()
        code = self._startable(even_stopped=even_stopped)
        again = self.crashes.restart.off()
        self.workers.demand.begin()
        if code.code_hash != self.installation.used.code_hash:
            self.take_up(code)
        if code.found.manifest is None:
            self.pool.become(Event.READ, *self.first_state())
            code.manifest  # noqa: B018 - raises, since it is not valid
        self.pool.become(Event.START, PluginState.STARTING)
        try:
            run, configured = self.launching.launch(code)
            try:
                self.serve((run,), configured)
            except BaseException:
                run.abandon()
                raise
        except BaseException as error:
            self.failed(error, again=again)
            raise
        if configured.runtime.workers != 1 and self.workers.missing:
            self.crashes.restart.set(0.0)

    def failed(self, error: BaseException, *, again: bool = False) -> None:
        """Handle a failed start, also one that a bug or an interrupt ended; ``again`` as ``Crashes.failed``."""
        if not isinstance(error, PluginError):
            cause = error
            error = PluginUnavailable(self.plugin_id, f"did not start: {type(cause).__name__}: {cause}")
            error.__cause__ = cause
        self.crashes.failed(error, again=again)

    def serve(self, runs: tuple[Run, ...], configured: Configured) -> tuple[Run, ...]:
        """Send calls to these proven runs from now on; returns the previous runs, which may have calls in flight."""
        code, runtime, declared, services = configured.code, configured.runtime, configured.declared, runs[0].services
        self.use(configured)
        self.crashes.restart.off()
        self.known_services, self.wire_services = services, runs[0].wire_services
        self._traffic.renew(calls=runtime.max_calls, queue=runtime.max_queue)
        missing = ", ".join(sorted(declared - services))
        old = self.pool.serve(runs, runtime.restart, f"its manifest claims what it lacks: {missing}" if missing else "")
        if services != declared:
            self.memory.set_services(code.code_hash, services)
        if runtime.reload == "restart" or TABLES in services:
            try:
                self.installation.kept.keep(code.found.directory, code.code_hash)
            except OSError as error:
                log.warning("plugin %s: its code cannot be kept for a way back: %s", self.plugin_id, error)
        self.workers.warn(runtime, services)
        self.crashes.look_after(runs)
        return old

    def use(self, configured: Configured) -> None:
        """Make this version the one in use."""
        self.installation.use(configured.code)
        self.configuration.use(configured)

    def take_up(self, code: Code) -> None:
        """Use another version for the next start, and forget the previous version's crashes and services."""
        self.use(self.configuration.configure(code))
        self.known_services = self.wire_services = None
        self.forgive()

    def forgive(self) -> None:
        """Forget crashes and quarantine."""
        self.pool.forgive(self.configuration.runtime.restart)
        self.crashes.restart.off()
        self.memory.set_quarantine(None)

    # ---- ending ----

    def end(self) -> None:
        """Stop it if it runs, gracefully first, while holding the turn; it does not restart by itself.

        Calls in flight get ``DRAIN_S`` seconds to end, unless the host is closing.
        """
        self.pool.end_pause()
        self.crashes.restart.off()
        draining.end(self.pool.take(Event.END, PluginState.DRAINING), DRAIN_S, self.closing, clock=self.clock)

    def end_idle(self, idle_s: float) -> None:
        """Stop it if it had no call for ``idle_s`` seconds; the next call starts it again."""
        with self.alone():
            taken = self.pool.take(Event.END, PluginState.DRAINING, idle_s=idle_s)
            if taken:
                self.crashes.restart.off()
                draining.end(taken, 0.0, self.closing, clock=self.clock)
                self.pool.become(Event.IDLE, PluginState.READY, f"no call for {idle_s:g} s")

    def stopped(self, reason: str) -> None:
        """Record, while holding the turn, that it was stopped and does not start by itself."""
        if self.pool.state not in {*NOT_TO_RUN, PluginState.QUARANTINED}:
            self.pool.become(Event.STOP, PluginState.STOPPED, reason)

    def close(self, reason: str) -> None:
        """Stop everything and cancel starts, also those that are due after a pause. Stops nothing in a forked child."""
        if os.getpid() != self._owner:
            return
        self.closing.close()
        try:
            with self.alone():
                self.end()
                self.stopped(reason)
        finally:
            self.draining.close()
            self.crashes.restart.close()

    # ---- private ----

    def _start_again(self, still: Still) -> None:
        with self.alone():
            if not still():
                return
            if self.pool.runs:
                self.workers.fill()
            elif self.pool.state in {PluginState.BACKOFF, PluginState.READY}:
                self.pool.end_pause()
                with contextlib.suppress(PluginError):  # it is in the log and in the state
                    self.start()

    def _startable(self, *, even_stopped: bool) -> Code:
        """The code that a start has to run; raises PluginClosed or PluginUnavailable if it may not start."""
        state = self.pool.state
        if self.closing.closed:
            raise PluginClosed(self.plugin_id, CLOSING)
        if state in NOT_TO_RUN:
            raise PluginUnavailable(self.plugin_id, f"is {state}: {self.pool.short_reason}")
        if state is PluginState.STOPPED and not even_stopped:
            raise PluginClosed(self.plugin_id, f"is stopped: {self.pool.short_reason}")
        if self.pool.pause_s:
            raise PluginUnavailable(self.plugin_id, self.pool.short_reason)
        code = self.installation.to_start()
        if state is PluginState.QUARANTINED and code.code_hash == self.installation.used.code_hash:
            raise PluginUnavailable(
                self.plugin_id,
                f"is in quarantine: it {self.pool.short_reason}",
                hint=f"viewra plugins unquarantine {self.plugin_id}, or install another version of it",
            )
        return code
