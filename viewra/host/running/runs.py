"""The runs of one plugin's process, one after the other: started when needed, ended, and what follows a crash.

There is one at most, but while one version takes another's place. What the operator wants is the supervisor's business.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

from viewra.adapters import Connection, Traffic
from viewra.db import Quarantine
from viewra.errors import DatabaseError, HandshakeError, PluginClosed, PluginError, PluginUnavailable, ViewraError
from viewra.host.installed.installation import Code, Installation
from viewra.host.logs.log import PluginLog, readable
from viewra.host.running import startup
from viewra.host.running.backoff import Backoff
from viewra.host.running.draining import Draining
from viewra.host.running.launch_spec import Machinery
from viewra.host.running.reattach import Reattach
from viewra.host.running.remembered import Remembered
from viewra.host.running.run import Run
from viewra.host.running.slot import Slot, StateListener
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.timer import Still, Timer
from viewra.host.sync.turn import Turn
from viewra.types import PluginState

log = logging.getLogger("viewra.host")

NOT_TO_RUN = frozenset({PluginState.INVALID, PluginState.DISABLED})
DRAIN_S = 2.0
"""What calls under way have to end in before a plugin is stopped; whoever stops it does not want to wait for them."""
LONGEST_WAIT_S = 5.0
"""A call waits so long for a restart after a crash; one that would have to wait longer fails at once."""


_CLOSING = "is stopped, as its host ends"


class Runs:
    """What one supervisor runs. ``records`` keeps what outlives this host; without ``machinery`` nothing is started."""

    def __init__(
        self,
        installation: Installation,
        *,
        machinery: Machinery | None,
        records: Remembered | None,
        plugin_log: PluginLog,
        traffic: Traffic,
        enabled: bool,
        on_state: StateListener,
    ) -> None:
        self.plugin_id = installation.plugin_id
        self.installation = installation
        self.enabled = enabled
        self.leaving = Draining(self.plugin_id)
        self.starts = self.crashes = 0
        self.known_services: frozenset[str] | None = None
        self._machinery = machinery
        self._records = records
        self._log = plugin_log
        self._traffic = traffic
        self._turn = Turn()  # taken over a whole start, stop or reload: whoever needs the outcome waits
        self._breaking = threading.Lock()  # held from a crash until it is decided what follows from it
        self._lost: dict[Run, Quarantine | None] = {}
        self._restart = Timer(f"restart-{self.plugin_id}", self._start_again)
        self.closing = Cancellation()
        self._restarts = Backoff(installation.runtime.restart)
        self._retry_at = 0.0
        self._waits = False  # calls wait for the next start, which is due soon
        self.slot = Slot(self.plugin_id, on_state, *self.first_state())

    def first_state(self) -> tuple[PluginState, str]:
        """The state of a plugin that has not been started, and its reason."""
        place, records = self.installation.found, self._records
        if place.manifest is None:
            return PluginState.INVALID, "; ".join(map(str, place.errors))
        known = records.services(self.installation.place) if records is not None else None
        if known is not None and known[0] == self.installation.used.code_hash:
            self.known_services = known[1]  # found out by an earlier start
        if not self.enabled:
            return PluginState.DISABLED, "not enabled"
        quarantine = records.quarantine(self.installation.place) if records is not None else None
        if quarantine is not None and quarantine.code_hash == self.installation.used.code_hash:
            return PluginState.QUARANTINED, quarantine.reason
        return PluginState.READY, ""

    @contextlib.contextmanager
    def alone(self, until: float | None = None, *, to_end: bool = False) -> Iterator[None]:
        """Nobody else starts, stops or replaces it meanwhile; raises PluginUnavailable when ``until`` comes first.

        Whoever comes ``to_end`` it waits for no start: one that is under way is cut short.
        """
        if not self._turn.take(until, cutting=to_end):
            raise PluginUnavailable(
                self.plugin_id, f"is still {self.slot.state}: a call that waited has run out of time"
            )
        try:
            yield
        finally:
            self._turn.give_back()

    # ---- starting ----

    def enter(self, patience_s: float) -> Connection:
        """A call enters the process, which is started if need be.

        Whoever comes while it starts, restarts or is replaced waits, for ``patience_s`` or as long as a start may take.
        Raises PluginUnavailable or PluginClosed.
        """
        until = time.monotonic() + max(patience_s, self.installation.runtime.start_timeout_s)
        while True:
            if self._waits:
                self.closing.wait(max(0.0, min(self._retry_at, until) - time.monotonic()))
            with self.alone(until):
                connection = self.slot.enter()
                if connection is None and not self._must_wait():
                    self.start()
                    connection = self.slot.enter()
            if connection is not None:
                return connection
            if time.monotonic() >= until:
                raise PluginUnavailable(self.plugin_id, self.short_reason or "ended as soon as it had started")

    def run_now(self, *, even_stopped: bool = False) -> None:
        """Start it unless it runs; ``even_stopped`` on the operator's word. Raises PluginUnavailable, PluginClosed."""
        with self.alone():
            if self.slot.run is None:
                self.start(even_stopped=even_stopped)

    def start(self, *, even_stopped: bool = False, again: bool = False) -> None:
        """Start it, alone, ``even_stopped`` on the operator's word; raises PluginUnavailable or PluginClosed.

        If it fails it is tried ``again`` without waiting for a call, as it would have been if a restart was due.
        """
        if even_stopped:
            self._retry_at = 0.0
        with self._breaking:
            self._require_startable(even_stopped=even_stopped)
        again = again or self._restart.pending
        self._restart.off()
        code = self.installation.to_start()
        if code.code_hash != self.installation.used.code_hash:
            self.take_up(code)
        if code.found.manifest is None:
            self.slot.become(*self.first_state())
        code.manifest  # noqa: B018 - raises for one that is not valid
        self.slot.become(PluginState.STARTING)
        try:
            self.serve(self.launch(code), code)
        except PluginError as error:
            self.failed(error, again=again)
            raise

    def launch(self, code: Code, *, only_database: bool = False, may_migrate: bool = True) -> Run:
        """A proven process of this code, which does not serve yet; the state stays as it is.

        Raises PluginUnavailable, and MigrationPending where it ``may`` not ``migrate`` and would have to.
        """
        if self._machinery is None:
            raise PluginUnavailable(self.plugin_id, "is not started by a host that only looks")
        try:
            spec = self.installation.spec(code, only_database=only_database, may_migrate=may_migrate)
            if self.closing.closed:
                raise PluginClosed(self.plugin_id, _CLOSING)
            beginning = self._turn.begin()
            with self.closing.cuts(beginning.close):
                run = startup.start(self._machinery, spec, self._log.new_run(), self.exited, beginning)
        except PluginError:
            raise
        except HandshakeError as error:
            if beginning.closed:  # it was killed for that
                why = _CLOSING if self.closing.closed else "was stopped while it started"
                raise PluginClosed(self.plugin_id, why) from error
            reason = f"did not start, at the step {error.step}: {error.message}"
            raise PluginUnavailable(self.plugin_id, reason, hint=error.hint) from error
        except ViewraError as error:  # its settings do not fit
            raise PluginUnavailable(self.plugin_id, f"did not start: {error}", hint=error.hint) from error
        except OSError as error:  # its folder cannot be made
            raise PluginUnavailable(self.plugin_id, f"did not start: {error}") from error
        self.starts += 1
        return run

    def take_over(self, record: Reattach) -> Run:
        """A process that runs already, of the code in use; raises ViewraError and leaves it as it is if that fails."""
        spec = self.installation.spec(self.installation.used)
        return startup.attach(record, spec, self._log.new_run(), self.exited)

    def serve(self, run: Run, code: Code, reason: str = "") -> Run | None:
        """Calls go to this proven run from now on; gives the one before, which may still have calls under way."""
        self.installation.use(code)
        self._retry_at, self._waits = 0.0, False
        self._restart.off()
        self.known_services = run.services
        self._traffic.breaker.reset()
        runtime = self.installation.runtime
        self._traffic.resize(calls=runtime.max_calls, queue=runtime.max_queue)
        if self._restarts.policy != runtime.restart:
            self._restarts = Backoff(runtime.restart)
        declared = code.manifest.capabilities
        if not reason and (missing := ", ".join(sorted(declared - run.services))):
            reason = f"its manifest claims what it lacks: {missing}"
        old = self.slot.serve(run, reason)
        with self._recording():
            if self._records is not None and run.services != declared:
                self._records.set_services(self.installation.place, code.code_hash, run.services)
        if runtime.reload == "restart" or "database_service" in run.services:
            try:
                self.installation.kept.keep(code.found.directory, code.code_hash)
            except OSError as error:
                log.warning("plugin %s: its code cannot be kept for a way back: %s", self.plugin_id, error)
        if run.child.exited.is_set():  # the callback may have come before the run was known here
            self.exited(run)
        return old

    def take_up(self, code: Code) -> None:
        """Another version is on disk, and is what will be started: what the last one did says nothing of it."""
        self.installation.use(code)
        self.known_services = None
        self.forgive()

    def forgive(self) -> None:
        """Forget crashes and quarantine."""
        self._restarts = Backoff(self.installation.runtime.restart)
        self._retry_at, self._waits = 0.0, False
        self._restart.off()
        with self._recording():
            if self._records is not None:
                self._records.set_quarantine(self.installation.place, None)

    # ---- ending ----

    def end(self) -> None:
        """Stop it if it runs, alone: gently, then not; it is not started again by itself.

        Calls that are under way have a moment to end, unless the host is closing.
        """
        self._retry_at, self._waits = 0.0, False
        self._restart.off()
        run = self.slot.take(PluginState.DRAINING)
        if run is None:
            return
        run.drain(DRAIN_S, self.closing)
        if run.stop() == "kill":
            log.warning("plugin %s had to be killed", self.plugin_id)

    def end_idle(self, idle_s: float) -> None:
        """Stop it if no call has come for so long; the next one starts it again."""
        with self.alone():
            run = self.slot.take(PluginState.DRAINING, idle_s=idle_s)
            if run is not None:
                run.stop()
                self.slot.become(PluginState.READY, f"no call for {idle_s:g} s")

    def close(self, reason: str) -> None:
        """End everything, also what waits to be started again; what is being started is cut short."""
        self.closing.close()
        with self.alone():
            self.end()
            if self.slot.state not in {*NOT_TO_RUN, PluginState.QUARANTINED}:
                self.slot.become(PluginState.STOPPED, reason)
        self.leaving.close()
        self._restart.close()

    # ---- breaking down ----

    def failed(self, error: PluginError, *, again: bool = False) -> None:
        """A start failed; ``again``: it is tried again without waiting for a call."""
        if isinstance(error, PluginClosed):
            self.slot.become(PluginState.STOPPED, error.message)
            return
        cause = error.__cause__
        step = cause.step if isinstance(cause, HandshakeError) else ""
        output = "\n".join(map(readable, cause.output)) if isinstance(cause, HandshakeError) else ""
        reason = f"{error.message}\n{output}" if output else error.message
        log.error("plugin %s %s%s", self.plugin_id, error.message, f"\nits last output:\n{output}" if output else "")
        if step == "migrate":  # it would fail again: somebody has to look at it first
            self.slot.become(PluginState.STOPPED, reason)
            return
        self.slot.become(PluginState.CRASHED, reason)
        # Settings that do not fit, or code that is not what was pinned, are no crash of the plugin's.
        crash = bool(step) and step != "verify"
        self.crashes += crash
        pause_s = self._restarts.crashed() if crash else self._restarts.failed()
        self._keep(self._after_crash(reason, pause_s, again=again, waits=False))

    def start_later(self, pause_s: float) -> None:
        """Start it after a pause, on a thread of its own, unless something else becomes of it."""
        self._restart.set(pause_s)

    def _start_again(self, still: Still) -> None:
        with self.alone():
            wanted = {PluginState.BACKOFF, PluginState.READY}
            if not still() or self.slot.run is not None or self.slot.state not in wanted:
                return
            self._retry_at = 0.0
            with contextlib.suppress(PluginError):  # it is in the log and in the state
                self.start(again=True)

    def exited(self, run: Run) -> None:
        """The process ended: by itself, unless the run was taken away before it was stopped. Not for gRPC's threads."""
        self.lost(run)
        with self._breaking:
            if run not in self._lost:
                return
            quarantine = self._lost.pop(run)
        run.close()
        self._keep(quarantine)

    def lost(self, run: Run) -> None:
        """As ``exited``, which still comes and sees to what may wait: closing a channel waits for the calls on it."""
        reason = "\n".join((run.end, *run.last_words))
        with self._breaking:  # or a call that finds nothing running would start it without a pause
            if self.slot.take(PluginState.CRASHED, reason, run=run) is None:
                return
            self.crashes += 1
            log.error("plugin %s: %s", self.plugin_id, reason)
            pause_s = self._restarts.crashed(run.ran_s)
            self._lost[run] = self._after_crash(reason, pause_s, again=True, waits=True)

    def _after_crash(self, reason: str, pause_s: float | None, *, again: bool, waits: bool) -> Quarantine | None:
        """Decide what follows; gives the quarantine that has to be kept, if it is one."""
        first, _, output = reason.partition("\n")
        rest = f"\n{output}" if output else ""
        if pause_s is None:
            policy = self._restarts.policy
            why = f"broke down more than {policy.max} times in {policy.window_s:g} s; the last time: {first}"
            if not self.slot.become(PluginState.QUARANTINED, why + rest, only_from={PluginState.CRASHED}):
                return None
            log.error("plugin %s is in quarantine: it %s", self.plugin_id, why)
            return Quarantine(self.installation.used.code_hash, why + rest)
        told = f"{first}; {'it is started again' if again else 'a call may start it again'} in {pause_s:.1f} s"
        if self.slot.become(PluginState.BACKOFF, told + rest, only_from={PluginState.CRASHED}):
            self._retry_at = time.monotonic() + pause_s
            self._waits = waits and pause_s <= LONGEST_WAIT_S
            if again:
                self.start_later(pause_s)
        return None

    def _keep(self, quarantine: Quarantine | None) -> None:
        with self._recording():
            if quarantine is not None and self._records is not None:
                self._records.set_quarantine(self.installation.place, quarantine)

    # ---- within ----

    @property
    def short_reason(self) -> str:
        """The reason without the output that goes with it."""
        return self.slot.reason.partition("\n")[0]

    def _must_wait(self) -> bool:
        """Whether a call that found no process is to wait, because one will be started soon; asked alone."""
        with self._breaking:
            return self._waits and self.slot.state is PluginState.BACKOFF and time.monotonic() < self._retry_at

    def _require_startable(self, *, even_stopped: bool) -> None:
        state, reason = self.slot.state, self.short_reason
        if self.closing.closed:
            raise PluginClosed(self.plugin_id, _CLOSING)
        if state in NOT_TO_RUN:
            raise PluginUnavailable(self.plugin_id, f"is {state}: {reason}")
        if (
            state is PluginState.QUARANTINED
            and self.installation.to_start().code_hash == self.installation.used.code_hash
        ):
            raise PluginUnavailable(
                self.plugin_id,
                f"is in quarantine: it {reason}",
                hint=f"viewra plugins unquarantine {self.plugin_id}, or install another version of it",
            )
        if state is PluginState.STOPPED and not even_stopped:
            raise PluginClosed(self.plugin_id, f"is stopped: {reason}")
        if time.monotonic() < self._retry_at:
            raise PluginUnavailable(self.plugin_id, reason)

    @contextlib.contextmanager
    def _recording(self) -> Iterator[None]:
        """What cannot be written down is lost with this host, and no reason for a call to fail."""
        try:
            yield
        except DatabaseError as error:
            log.warning("plugin %s: what is known of it is not kept: %s", self.plugin_id, error)
