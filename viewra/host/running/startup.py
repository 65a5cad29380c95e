"""How a run of a plugin's process begins: spawned or found, then taken step by step until it is proven.

Each failure is a HandshakeError that names the step and has the process's last output.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from viewra.adapters import RemoteEndpoint
from viewra.codec import lifecycle
from viewra.errors import HandshakeError, MigrationError, NotOffered, PluginError
from viewra.host.logs.log import RunLog
from viewra.host.running.launch_spec import Machinery, Spec, environment, new_identity, verified
from viewra.host.running.lease import Renewal
from viewra.host.running.lifecycle import begin
from viewra.host.running.reattach import Reattach
from viewra.host.running.run import NOTICE_S, Run, died
from viewra.host.sync.cancellation import Cancellation
from viewra.process import Adopted, Child, Output, start_time
from viewra.transport import handshake
from viewra.transport.channel import require_socket
from viewra.transport.endpoint import PeerChannel, dial
from viewra.transport.peer import require_listener
from viewra.transport.reflect import ask_services
from viewra.transport.stdio import StdioFollower
from viewra.types import PluginInfo

if TYPE_CHECKING:
    from viewra.transport.mtls import Identity, Trust

OnExit = Callable[[Run], None]
"""Called, on a thread of the process's own, when the process of a *proven* run has ended."""


def start(machinery: Machinery, spec: Spec, log: RunLog, on_exit: OnExit, closing: Cancellation) -> Run:
    """Start a process and take it through every step; raises HandshakeError, with nothing left behind.

    When ``closing`` closes meanwhile, the process is killed, and the step that it was at fails.
    """
    deadline = time.monotonic() + spec.start_timeout_s
    runtime_dir = machinery.runtime_dir
    socket_dir = runtime_dir.new_lasting_dir() if spec.lasts else runtime_dir.new_socket_dir()
    proven: list[Run] = []

    def exited(_child: Child) -> None:
        runtime_dir.discard(socket_dir)
        for run in proven:
            on_exit(run)

    identity = new_identity() if spec.connecting.encrypted else None
    try:
        with verified(spec) as executable:
            child = machinery.spawner.spawn(
                spec.command,
                env=environment(spec, socket_dir, identity),
                cwd=spec.directory,
                executable=executable,
                tied=not spec.lasts,
                script=len(spec.command) > 1,
                on_line=log.line,
                on_quiet=log.quiet,
                on_exit=exited,
            )
    except HandshakeError:
        runtime_dir.discard(socket_dir)
        raise
    run = Run(spec.context.plugin_id, child, spec, deadline)
    try:
        with closing.cuts(child.kill):
            prove(_Steps(run, spec, log, socket_dir, identity), child)
        proven.append(run)
        if child.exited.is_set():  # it ended in the moment before it counted as proven
            raise HandshakeError(f"it started, but {died(child)}", step="start", output=child.output.last())
    except BaseException:
        run.abandon()
        raise
    return run


def attach(record: Reattach, spec: Spec, log: RunLog, on_exit: OnExit) -> Run:
    """Take over a process that runs already; raises HandshakeError and leaves it as it is when that fails.

    One that a host left goes on where it was; one that is run by hand is taken through its life from the beginning.
    """
    proven: list[Run] = []
    started = record.started or start_time(record.pid) or 0

    def exited() -> None:
        for run in proven:
            on_exit(run)

    try:
        child = Adopted(record.pid, started, on_exit=exited)
    except OSError as error:
        raise HandshakeError(f"there is no process {record.pid} of it any more", step="connect") from error
    run = Run(spec.context.plugin_id, child, spec, time.monotonic() + spec.start_timeout_s)
    run.announced = attrs.evolve(record, started=started)
    try:
        steps = _Steps(run, spec, log, Path(record.address).parent)
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


def prove(steps: _Steps, child: Child) -> None:
    """Take a process that was just spawned through every step."""
    run, spec = steps.run, steps.spec
    line = steps.announcement(child)
    run.announced = Reattach(child.pid, line.network, line.address, line.app_version, child.started or 0)
    steps.live(steps.find_services(line))
    if spec.lasts:
        run.renewal = steps.lease()


@attrs.frozen
class _Steps:
    """The steps of one run's start, which write into the run what they find out."""

    run: Run
    spec: Spec
    log: RunLog
    socket_dir: Path
    identity: Identity | None = None

    def announcement(self, child: Child) -> handshake.Handshake:
        """Wait for its handshake line."""
        line = child.handshake_line(self.spec.start_timeout_s)  # whole, as the message names it: it is set by people
        try:
            announced = handshake.Handshake.parse(line)
            announced.require_version(self.spec.common)
        except HandshakeError as error:
            raise self._failed(error.step, error.message, error.hint) from error
        return announced

    def find_services(self, announced: handshake.Handshake | Reattach) -> Future[PluginInfo]:
        """Connect, and learn which services there are; gives what it says of itself, which is asked meanwhile."""
        run, spec = self.run, self.spec
        try:
            peer = self._connect(announced)
            listed = ask_services(peer.channel, run.left_s())  # together with the question for its health
            peer.wait_ready(run.left_s())
            said = RemoteEndpoint(run).start(lifecycle.INFO)
            names = listed()
        except HandshakeError as error:
            if run.child.wait(NOTICE_S) is not None:
                raise self._failed(error.step, died(run.child)) from error
            raise self._failed(error.step, error.message, error.hint) from error
        if names is None:  # an old go-plugin serves no reflection: the manifest's word has to do
            run.services = spec.declared
        else:
            run.wire_services = frozenset(names)
            run.services = spec.services.offered(names)
        if names is None or "plugin.GRPCStdio" in names:  # where Go's programs print to
            run.follow(StdioFollower(peer.channel, Output(self.log.line).feed), self.log)
        return said

    def live(self, said: Future[PluginInfo]) -> None:
        """The beginning of the plugin's life, from what it is to its start."""
        run, spec = self.run, self.spec
        endpoint = RemoteEndpoint(run)
        run.info = self.step("info", said.result)
        tables = "database_service" in run.services
        context = spec.context if tables else attrs.evolve(spec.context, database_url="")
        if not spec.only_database:
            own = spec.own_database if tables else None
            begin(endpoint, context, own, self.step, describes=run.describes, may_migrate=spec.may_migrate)
        elif not run.describes:  # it has to open its database before it can move it
            self.step("initialize", lambda: endpoint.call(lifecycle.INITIALIZE, context))

    def lease(self) -> Renewal:
        """Renew its lease, and again from now on."""
        try:
            renewal: Renewal = self.step("lease", lambda: Renewal(RemoteEndpoint(self.run)))
        except HandshakeError as error:
            if not isinstance(error.__cause__, NotOffered):
                raise
            hint = "remove runtime.detachable from its manifest"
            raise self._failed("lease", "it cannot outlive its host: it has no lease", hint) from error
        return renewal

    def step(self, name: str, call: Callable[[], Any]) -> Any:
        """Do one step, and say which one it was when it fails."""
        began = time.monotonic()
        try:
            return call()
        except (PluginError, MigrationError) as error:
            raise self._failed(name, error.message, error.hint) from error
        finally:
            if name == "migrate":  # it takes as long as there is data, whatever a start may take
                self.run.deadline += time.monotonic() - began

    def _connect(self, announced: handshake.Handshake | Reattach) -> PeerChannel:
        """Connect to where the process listens, and only if it is that process; never to less than was asked for."""
        run = self.run
        trust = self._trust(announced)
        if announced.network == "unix":
            require_socket(announced.address)
            require_listener(announced.address, run.child.pid, timeout_s=run.left_s())
        most = run.limits.message_bytes
        peer = dial(announced, trust=trust, socket_dir=self.socket_dir, max_message_bytes=most)
        run.connect(peer)
        return peer

    def _trust(self, announced: handshake.Handshake | Reattach) -> Trust | None:
        if self.identity is not None:
            from viewra.transport import mtls  # light start-up: TLS is rarely asked for

            return mtls.trust(self.identity, announced.cert if isinstance(announced, handshake.Handshake) else b"")
        if announced.network == "tcp":  # anybody on this machine could answer there
            raise HandshakeError(
                "it listens on a TCP port without encryption", step="connect", hint="run viewra with --auto-mtls"
            )
        return None

    def _failed(self, step: str, message: str, hint: str | None = None) -> HandshakeError:
        return HandshakeError(message, step=step, output=self.run.child.output.last(), hint=hint)
