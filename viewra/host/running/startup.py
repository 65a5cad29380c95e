"""Starts a run of a plugin's process: spawns or finds the process, then performs the steps that prove it.

Each failure is a HandshakeError that names the step and contains the process's last output.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from viewra.codec import lifecycle
from viewra.errors import HandshakeError, MigrationError, NotOffered, PluginError
from viewra.host.logs.log import RunLog
from viewra.host.running.launch_spec import LaunchSpec, Machinery, new_group, new_identity, plan, verified
from viewra.host.running.lease import Renewal
from viewra.host.running.lifecycle import begin
from viewra.host.running.reattach import Reattach
from viewra.host.running.run import NOTICE_S, Run, died
from viewra.host.sync.cancellation import Cancellation
from viewra.process import Launched, Output, start_time
from viewra.process.sandbox.cgroup import Group
from viewra.services import TABLES
from viewra.transport import handshake
from viewra.transport.calls import CallFailed
from viewra.transport.multiplexed import SERVICE as MULTIPLEXER
from viewra.types import PluginInfo

if TYPE_CHECKING:
    from viewra.host.running.dialled import Dialled
    from viewra.transport.mtls import Identity

OnExit = Callable[[Run], None]
"""Called on a thread that waits for the process when the process of a *proven* run has ended."""


def start(machinery: Machinery, spec: LaunchSpec, log: RunLog, on_exit: OnExit, closing: Cancellation) -> Run:
    """Start a process and perform every step; raises HandshakeError after ending the process.

    If ``closing`` closes meanwhile, the process is killed, and the current step fails.
    """
    runtime_dir = machinery.runtime_dir
    socket_dir = runtime_dir.new_lasting_dir() if spec.lasts else runtime_dir.new_socket_dir()
    proven: list[Run] = []
    group: Group | None = None

    def ended() -> None:
        runtime_dir.discard(socket_dir)
        if group is not None:
            group.close()

    def exited() -> None:
        ended()
        for run in proven:
            on_exit(run)

    identity = new_identity() if spec.connecting.encrypted else None
    try:
        group = new_group(machinery, spec)
        with verified(spec, spec.pin) if spec.pin is not None else nullcontext() as executable:
            to_start = plan(spec, socket_dir, identity, executable, group.door if group is not None else "")
            process = machinery.launcher.launch(to_start, on_line=log.line, on_quiet=log.quiet, on_exit=exited)
    except BaseException:
        ended()
        raise
    run = Run(process, spec, machinery.clock, group)
    run.scratch = socket_dir
    try:
        with closing.cuts(process.kill):
            prove(_Steps(machinery, run, log, socket_dir, identity), process)
        proven.append(run)
        if process.ended:  # it ended just before it counted as proven
            raise HandshakeError(f"it started, but {died(process)}", step="start", output=process.output.last())
    except BaseException:
        run.abandon()
        raise
    return run


def attach(machinery: Machinery, record: Reattach, spec: LaunchSpec, log: RunLog, on_exit: OnExit) -> Run:
    """Take over a running process; if that fails, raises HandshakeError and leaves the process running.

    A process that a host detached is used as it is; one started by hand is initialized.
    """
    proven: list[Run] = []
    started = record.started or start_time(record.pid) or 0

    def exited() -> None:
        for run in proven:
            on_exit(run)

    try:
        process = machinery.find(record.pid, started, on_exit=exited)
    except OSError as error:
        raise HandshakeError(f"there is no process {record.pid} of it any more", step="connect") from error
    run = Run(process, spec, machinery.clock)
    run.announced = attrs.evolve(record, started=started)
    try:
        steps = _Steps(machinery, run, log, Path(record.address).parent)
        said = steps.find_services(record)
        if record.test:
            steps.live(said)
        else:
            run.info = steps.step("info", said.result)
            run.renewal = steps.lease()
    except BaseException:
        run.give_up()
        raise
    proven.append(run)
    return run


def prove(steps: _Steps, process: Launched) -> None:
    """Perform every step for a process that was just spawned."""
    run = steps.run
    line = steps.announcement(process)
    run.announced = Reattach(process.pid, line.network, line.address, line.app_version, process.started or 0)
    steps.live(steps.find_services(line))
    if run.spec.lasts:
        run.renewal = steps.lease()


@attrs.frozen
class _Steps:
    """The steps of one run's start, which store their results in the run."""

    machinery: Machinery
    run: Run
    log: RunLog
    socket_dir: Path
    identity: Identity | None = None

    def announcement(self, process: Launched) -> handshake.Handshake:
        """Wait for the process's handshake line."""
        line = process.handshake_line(
            self.run.spec.start_timeout_s
        )  # the whole timeout, not the rest: the message names what the operator set
        try:
            announced = handshake.Handshake.parse(line)
            announced.require_version(self.run.spec.common)
        except HandshakeError as error:
            raise self._failed(error.step, error.message, error.hint) from error
        return announced

    def find_services(self, announced: handshake.Handshake | Reattach) -> Future[PluginInfo]:
        """Connect and determine the services; returns the answer to ``Info``, which is requested at the same time."""
        run = self.run
        try:
            left_s = run.left_s()
            peer = self.machinery.dial(
                announced,
                run.process.pid,
                identity=self.identity,
                socket_dir=self.socket_dir,
                message_bytes=run.limits.message_bytes,
                timeout_s=left_s,
            )
            connection = run.connect(peer)
            listed = peer.ask_services(left_s)  # concurrently with the health check
            peer.wait_ready(left_s)
            said = run.endpoint.start(lifecycle.INFO)
            names = listed()
        except HandshakeError as error:
            if run.process.wait(NOTICE_S) is not None:
                raise self._failed(error.step, died(run.process)) from error
            raise self._failed(error.step, error.message, error.hint) from error
        if names is None:  # an old go-plugin has no reflection: trust the manifest
            run.services = self.run.spec.declared
        else:
            run.wire_services = frozenset(names)
            if MULTIPLEXER in names:
                peer.multiplex(run.plugin_id, run.limits.message_bytes)
            if not run.spec.only_database:
                try:
                    run.hosting.attach(connection, run.wire_services, run.process.output)
                except CallFailed as error:
                    problem = f"its stream for host services cannot be opened: {error.text}"
                    raise self._failed("connect", problem) from error
            run.services = self.run.spec.services.offered(run.wire_services)
        if names is None or "plugin.GRPCStdio" in names:  # the output of Go plugins
            run.follow(peer.follow(Output(self.log.line).feed), self.log)
        return said

    def live(self, said: Future[PluginInfo]) -> None:
        """Make the plugin's first calls, from Info to Start."""
        run, spec = self.run, self.run.spec
        endpoint = run.endpoint
        run.info = self.step("info", said.result)
        tables = TABLES in run.services
        context = spec.context if tables else attrs.evolve(spec.context, database_url="")
        if not spec.only_database:
            try:
                dialled = run.hosting.serve_dialled(
                    lambda place: run.peer.broker(place), run.scratch, run.wire_services
                )
            except OSError as error:
                raise self._failed("connect", f"its socket for host services cannot be made: {error}") from error
            if dialled is not None:
                context = attrs.evolve(context, host_service_addr=dialled.address, host_broker_id=dialled.broker_id)
            own = spec.own_database if tables else None
            describes = tables and run.describes
            step = self.step if dialled is None else partial(self._step_with, dialled)
            begin(endpoint, context, own, step, describes=describes, may_migrate=spec.may_migrate)
        elif not run.describes:  # it migrates a database only after Initialize has opened it
            self.step("initialize", endpoint.call, lifecycle.INITIALIZE, context)

    def lease(self) -> Renewal:
        """Renew its lease now, and periodically from now on."""
        try:
            renewal: Renewal = self.step("lease", Renewal, self.run.endpoint, self.machinery.clock)
        except HandshakeError as error:
            if not isinstance(error.__cause__, NotOffered):
                raise
            hint = "remove runtime.detachable from its manifest"
            raise self._failed("lease", "it cannot outlive its host: it has no lease", hint) from error
        return renewal

    def step(self, name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
        """Perform one step; an error names the step."""
        migrates = name == "migrate"  # depends on the amount of data, so the start's deadline does not apply
        began = self.machinery.clock.now() if migrates else 0.0
        try:
            return call(*arguments)
        except (PluginError, MigrationError) as error:
            raise self._failed(name, error.message, error.hint) from error
        finally:
            if migrates:
                self.run.deadline += self.machinery.clock.now() - began

    def _step_with(self, dialled: Dialled, name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
        """Perform one step; before Initialize announce what the process may dial."""
        if name == "initialize":
            dialled.announce()
        return self.step(name, call, *arguments)

    def _failed(self, step: str, message: str, hint: str | None = None) -> HandshakeError:
        return HandshakeError(message, step=step, output=self.run.process.output.last(), hint=hint)
