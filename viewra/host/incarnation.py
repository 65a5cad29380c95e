"""One run of a plugin's process: started step by step until it is proven, stopped step by step until it is gone.

What a run means for the plugin (state, restart, which run serves) is the supervisor's business.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from viewra.adapters import Connection, RemoteEndpoint
from viewra.codec import lifecycle
from viewra.codec.capabilities import WIRE_SERVICES
from viewra.codec.database import DESCRIBE
from viewra.codec.limits import Limits
from viewra.errors import HandshakeError, MigrationError, PluginClosed, PluginError, PluginUnavailable
from viewra.host.closing import Closing
from viewra.host.lease import Renewal
from viewra.host.life import MIGRATION_S, begin
from viewra.host.plugin_log import RunLog, readable
from viewra.host.reattach import Reattach
from viewra.host.spec import Machinery, Spec, environment, new_identity, verified
from viewra.process import Adopted, Child, Output, start_time
from viewra.transport import handshake
from viewra.transport.channel import check_health, require_socket
from viewra.transport.control import shutdown
from viewra.transport.endpoint import PeerChannel, dial
from viewra.transport.peer import require_listener
from viewra.transport.reflect import ask_services
from viewra.transport.stdio import StdioFollower
from viewra.types import Health, PluginInfo

if TYPE_CHECKING:
    from viewra.transport.mtls import Identity


STOP_S = 3.0
"""Seconds for ``PluginService.Stop``."""
SHUTDOWN_S = 2.0
"""Seconds for the request to shut down, and again for the process to end after it."""
_PANICS = ("panic: ", "fatal error: ")
_NOTICE_S = 1.0  # a broken connection is seen a moment before the process's end is


class Incarnation:
    """A running, proven process, from ``start`` or ``attach``. It is a ``Link`` for the calls of its own start."""

    running = True
    known = True
    code_hash = ""
    database_url = ""

    def __init__(self, plugin_id: str, child: Child | Adopted, socket_dir: Path, deadline: float) -> None:
        self.plugin_id = plugin_id
        self.child = child
        self.info = PluginInfo(plugin_id)
        self.wire_services: frozenset[str] | None = None
        self.services: frozenset[str] = frozenset()
        self._connection: Connection | None = None
        self._own_calls: Connection | None = None
        self._peer: PeerChannel | None = None
        self._stdio: StdioFollower | None = None
        self._streamed: RunLog | None = None
        self._identity: Identity | None = None
        self.limits = Limits()
        self._socket_dir = socket_dir
        self._deadline = deadline
        self._migration_s = MIGRATION_S
        self._closing = False
        self._renewal: Renewal | None = None
        self._announced: Reattach | None = None
        self._health_s = 5.0
        self._doom = ""
        self._began = time.monotonic()
        self.started_at = time.time()

    @property
    def connection(self) -> Connection:
        """The connection; raises PluginUnavailable before there is one."""
        if self._connection is None:
            raise PluginUnavailable(self.plugin_id, "is not connected")
        return self._connection

    @property
    def describes(self) -> bool:
        """Whether it can say where its database stands."""
        return self.serves(DESCRIBE.wire_service)

    @property
    def by_hand(self) -> bool:
        """Whether somebody runs it by hand: it is not the host's to end."""
        return self._announced is not None and self._announced.test

    @property
    def ran_s(self) -> float:
        """For how many seconds it has been running."""
        return time.monotonic() - self._began

    # ---- Link, for the calls of the start and the stop ----

    def acquire(self, patience_s: float) -> Connection:
        """A connection for the host's own calls, which the call has entered: they keep no plugin from being idle."""
        del patience_s  # it is there or not
        if self._own_calls is None:
            raise PluginUnavailable(self.plugin_id, "is not connected")
        return self._own_calls.enter()

    def offers(self, capability: str) -> bool:
        """Whether the process has this service."""
        return capability in self.services

    def serves(self, wire_service: str) -> bool:
        """Whether the process is known to serve this gRPC service."""
        return self.wire_services is not None and wire_service in self.wire_services

    def deadline_s(self, method: str) -> float:
        """What is left of the start's time; what is asked later, and migrations, have a time of their own."""
        own = {"stop": STOP_S, "health": self._health_s, "renew": self._health_s}
        return {"migrate": self._migration_s, "rollback": self._migration_s, **own}.get(method) or self._left()

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call broke."""
        del connection
        if self._closing:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        if self.child.wait(_NOTICE_S) is None:
            return PluginUnavailable(self.plugin_id, "the connection to it broke", call=call, in_call=True)
        return PluginUnavailable(self.plugin_id, self.end, call=call, in_call=True)

    # ---- health, and the end ----

    def check(self, done: Callable[[str], object]) -> None:
        """Ask the process whether it serves; ``done`` is told "" or why not, within the time that a check may take."""
        check_health(self.connection.channel, self._health_s, done)

    def own_health(self, done: Callable[[Health | None, str], object]) -> None:
        """Ask the plugin itself; ``done`` is told what it said, or None and why it said nothing."""

        def ended(future: Future[Health]) -> None:
            error = future.exception()
            done(None if error else future.result(), str(getattr(error, "message", error or "")))

        RemoteEndpoint(self).start(lifecycle.HEALTH).add_done_callback(ended)

    def condemn(self, reason: str) -> None:
        """End the process, which serves no more, at once; its end is then told with this reason."""
        self._doom = reason
        self.child.kill()

    @property
    def end(self) -> str:
        """How the process ended, in one line."""
        return self._doom or died(self.child)

    @property
    def last_words(self) -> tuple[str, ...]:
        """The last lines that it wrote to stderr."""
        return tuple(map(readable, self.child.output.last("stderr")))

    # ---- start ----

    @classmethod
    def start(
        cls,
        machinery: Machinery,
        spec: Spec,
        log: RunLog,
        on_exit: Callable[[Incarnation], None],
        closing: Closing | None = None,
    ) -> Incarnation:
        """Start a process and take it through every step; raises HandshakeError, with nothing left behind.

        ``on_exit`` is called, on a thread of the process's own, when the process of a *proven* run has ended. When
        ``closing`` closes meanwhile, the process is killed, and the step that it was at fails.
        """
        deadline = time.monotonic() + spec.start_timeout_s
        runtime_dir = machinery.runtime_dir
        socket_dir = runtime_dir.new_lasting_dir() if spec.lasts else runtime_dir.new_socket_dir()
        proven: list[Incarnation] = []

        def exited(_child: Child) -> None:
            machinery.runtime_dir.discard(socket_dir)
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
            machinery.runtime_dir.discard(socket_dir)
            raise
        run = cls(spec.context.plugin_id, child, socket_dir, deadline)
        run._identity = identity
        run._migration_s = spec.migration_timeout_s
        run._health_s = spec.health_timeout_s
        run.database_url = spec.context.database_url
        try:
            with (closing or Closing()).cuts(child.kill):
                run._prove(spec, log)
            proven.append(run)
            if child.exited.is_set():  # it ended in the moment before it counted as proven
                raise HandshakeError(f"it started, but {died(child)}", step="start", output=child.output.last())
        except BaseException:
            run._abandon()
            raise
        return run

    @classmethod
    def attach(cls, record: Reattach, spec: Spec, log: RunLog, on_exit: Callable[[Incarnation], None]) -> Incarnation:
        """Take over a process that runs already; raises HandshakeError and leaves it as it is when that fails.

        One that a host left goes on where it was; one that is run by hand is taken through its life from the beginning.
        """
        proven: list[Incarnation] = []
        started = record.started or start_time(record.pid) or 0

        def exited() -> None:
            for run in proven:
                on_exit(run)

        try:
            child = Adopted(record.pid, started, on_exit=exited)
        except OSError as error:
            raise HandshakeError(f"there is no process {record.pid} of it any more", step="connect") from error
        deadline = time.monotonic() + spec.start_timeout_s
        run = cls(spec.context.plugin_id, child, Path(record.address).parent, deadline)
        run._announced = attrs.evolve(record, started=started)
        run._migration_s = spec.migration_timeout_s
        run._health_s = spec.health_timeout_s
        try:
            run.limits = spec.limits
            said = run._find_services(spec, record, log)
            if record.test:
                run._live(spec, said)
            else:
                run.info = run._step("info", said.result)
                run._renewal = run._lease()
        except BaseException:
            run._closing = True
            run._let_go()
            child.let_go()
            raise
        proven.append(run)
        return run

    def _prove(self, spec: Spec, log: RunLog) -> None:
        """Take it through every step."""
        line = self._announcement(spec)
        self._announced = Reattach(
            self.child.pid, line.network, line.address, line.app_version, self.child.started or 0
        )
        self.limits = spec.limits
        self._live(spec, self._find_services(spec, line, log))
        if spec.lasts:
            self._renewal = self._lease()

    def _announcement(self, spec: Spec) -> handshake.Handshake:
        assert isinstance(self.child, Child)  # noqa: S101 - only a child of ours has a line for us
        line = self.child.handshake_line(spec.start_timeout_s)  # whole, as the message names it: it is set by people
        try:
            announced = handshake.Handshake.parse(line)
            announced.require_version(spec.common)
        except HandshakeError as error:
            raise self._failed(error.step, error.message, error.hint) from error
        return announced

    def _find_services(self, spec: Spec, announced: handshake.Handshake | Reattach, log: RunLog) -> Future[PluginInfo]:
        """Connect, and learn which services there are; gives what it says of itself, which is asked meanwhile."""
        try:
            peer = self._connect(announced)
            listed = ask_services(peer.channel, self._left())  # together with the question for its health
            peer.wait_ready(self._left())
            said = RemoteEndpoint(self).start(lifecycle.INFO)
            names = listed()
        except HandshakeError as error:
            if self.child.wait(_NOTICE_S) is not None:
                raise self._failed(error.step, died(self.child)) from error
            raise self._failed(error.step, error.message, error.hint) from error
        if names is None:  # an old go-plugin serves no reflection: the manifest's word has to do
            self.services = spec.declared
        else:
            self.wire_services = frozenset(names)
            self.services = frozenset(WIRE_SERVICES[name] for name in names & WIRE_SERVICES.keys())
        if names is None or "plugin.GRPCStdio" in names:  # where Go's programs print to
            self._streamed = log
            printed = Output(log.line)
            self._stdio = StdioFollower(peer.channel, printed.feed)
        return said

    def _live(self, spec: Spec, said: Future[PluginInfo]) -> None:
        """The beginning of the plugin's life, from what it is to its start."""
        endpoint = RemoteEndpoint(self)
        self.info = self._step("info", said.result)
        tables = "database_service" in self.services
        context = spec.context if tables else attrs.evolve(spec.context, database_url="")
        describes = self.describes
        if not spec.only_database:
            own = spec.own_database if tables else None
            begin(endpoint, context, own, self._step, describes=describes, may_migrate=spec.may_migrate)
        elif not describes:  # it has to open its database before it can move it
            self._step("initialize", lambda: endpoint.call(lifecycle.INITIALIZE, context))

    def _lease(self) -> Renewal:
        if not self.serves(lifecycle.RENEW.wire_service):
            raise self._failed(
                "services", "it cannot outlive its host: it has no lease", "remove runtime.detachable from its manifest"
            )
        return Renewal(RemoteEndpoint(self))

    def _connect(self, announced: handshake.Handshake | Reattach) -> PeerChannel:
        """Connect to where the process listens, and only if it is that process; never to less than was asked for."""
        own = self._identity
        trust = None
        if own is not None:
            from viewra.transport import mtls  # light start-up: TLS is rarely asked for

            trust = mtls.trust(own, announced.cert if isinstance(announced, handshake.Handshake) else b"")
        elif announced.network == "tcp":  # anybody on this machine could answer there
            raise HandshakeError(
                "it listens on a TCP port without encryption", step="connect", hint="run viewra with --auto-mtls"
            )
        socket = announced.address if announced.network == "unix" else None
        if socket is not None:
            require_socket(socket)
            require_listener(socket, self.child.pid, timeout_s=self._left())
        self._peer = dial(
            announced, trust=trust, socket_dir=self._socket_dir, max_message_bytes=self.limits.message_bytes
        )
        self._connection = Connection(self._peer.channel)
        self._own_calls = Connection(self._peer.channel)
        return self._peer

    def _left(self) -> float:
        """Seconds left of the start's time, in tenths: people read them in messages."""
        return max(0.1, round(self._deadline - time.monotonic(), 1))

    def _step(self, name: str, call: Callable[[], Any]) -> Any:
        began = time.monotonic()
        try:
            return call()
        except (PluginError, MigrationError) as error:
            raise self._failed(name, error.message, error.hint) from error
        finally:
            if name == "migrate":  # it takes as long as there is data, whatever a start may take
                self._deadline += time.monotonic() - began

    def _failed(self, step: str, message: str, hint: str | None = None) -> HandshakeError:
        return HandshakeError(message, step=step, output=self.child.output.last(), hint=hint)

    def _abandon(self) -> None:
        self._closing = True
        self.child.kill()
        self._let_go()

    # ---- stop ----

    def stop(self) -> str:
        """End the process, gently first, and reap it; gives the step that ended it. One run by hand is only left."""
        self._closing = True
        connection = self.connection
        if self.by_hand:
            with contextlib.suppress(PluginError):
                RemoteEndpoint(self).call(lifecycle.STOP)
            self._leave()
            return "left"

        def gently() -> None:
            with contextlib.suppress(PluginError):
                RemoteEndpoint(self).call(lifecycle.STOP)
            shutdown(connection.channel, SHUTDOWN_S)

        try:
            return self.child.stop(gently, grace_s=SHUTDOWN_S)
        finally:
            self._let_go()

    @property
    def app_version(self) -> int:
        """The version of the services that host and plugin agreed on."""
        assert self._announced is not None  # noqa: S101 - a proven run has announced itself
        return self._announced.app_version

    @property
    def lasts(self) -> bool:
        """Whether the process may outlive this host."""
        return self._renewal is not None

    def detach(self) -> Reattach:
        """Leave a process that lasts to the next host; gives where it runs."""
        assert self._renewal is not None  # noqa: S101 - the caller asked whether it lasts
        assert self._announced is not None  # noqa: S101 - as above
        self._closing = True
        self._renewal.close()
        self._leave()
        return self._announced

    def _leave(self) -> None:
        self._let_go()
        if isinstance(self.child, Adopted):
            self.child.let_go()

    def close(self) -> None:
        """Let go of the connection of a process that has ended by itself."""
        self._let_go()

    def _let_go(self) -> None:
        if self._renewal is not None:
            self._renewal.close()
        if self._stdio is not None:
            self._stdio.close()
        if self._streamed is not None:
            self._streamed.quiet()
        for connection in (self._connection, self._own_calls):
            if connection is not None:
                connection.refuse()
        if self._peer is not None:
            self._peer.close()


def died(child: Child | Adopted) -> str:
    """How a process ended, with its last words."""
    last = child.output.last("stderr")
    told = [line for line in last if line.startswith(_PANICS)] or last  # Go's reason comes before its traceback
    said = f"; its last output: {readable(told[-1])[:300]}" if told else ""
    return f"its process ended with {child.describe_exit()}{said}"
