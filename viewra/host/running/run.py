"""Manages one run of a plugin's process from its start to its end: its connection, health checks and stop.

viewra/host/running/startup.py starts it; crashes.py decides what its end means for the plugin.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from viewra.adapters import STREAMS_S, Caller, Connection
from viewra.codec import lifecycle
from viewra.codec.database import DESCRIBE
from viewra.errors import NotOffered, PluginClosed, PluginError, PluginUnavailable
from viewra.host.logs.log import RunLog, last_words, readable
from viewra.host.running.hosting import Hosting
from viewra.host.running.launch_spec import LaunchSpec
from viewra.host.running.lifecycle import STOP_S
from viewra.host.running.peer import Closable, Peer
from viewra.host.running.reattach import Reattach
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.clock import SYSTEM, Clock
from viewra.process import Process
from viewra.process.sandbox.cgroup import Group
from viewra.types import Health, PluginInfo

if TYPE_CHECKING:
    from viewra.host.running.lease import Renewal

log = logging.getLogger("viewra.host")

QUIESCE_S = 10.0
"""Deadline of ``LifecycleService.Quiesce`` in seconds; the plugin still answers calls meanwhile."""
SHUTDOWN_S = 2.0
"""Seconds for the shutdown request, and again for the process to end after it."""
_PANICS = ("panic: ", "fatal error: ")
_NOT_ASKED = PluginInfo("")
NOTICE_S = 1.0
"""Seconds to wait for the end of a process whose connection broke: the connection breaks slightly earlier."""
LOSS_S = 5.0
"""The same, of calls from the first one that broke: what is stored of a file says how its process ended."""


class Run:
    """One process of a plugin.

    Its start must end before ``deadline`` (the clock's seconds). The start fills in the attributes that it determines.
    """

    def __init__(self, process: Process, spec: LaunchSpec, clock: Clock = SYSTEM, group: Group | None = None) -> None:
        self.plugin_id = spec.context.plugin_id
        self.process = process
        self.group = group
        self.scratch: Path | None = None
        self.spec = spec
        self.info = _NOT_ASKED
        self.wire_services: frozenset[str] | None = None
        self.services: frozenset[str] = frozenset()
        self.limits = spec.limits
        self.database_url = spec.context.database_url
        self.announced: Reattach | None = None
        self.renewal: Renewal | None = None
        self.hosting = Hosting(self.plugin_id, spec.hosted, spec.rights, spec.limits)
        self.started_at = time.time()
        self._clock = clock
        self._began = clock.now()
        self.deadline = self._began + spec.start_timeout_s
        self._deadlines = {
            "apply_settings": QUIESCE_S,
            "quiesce": QUIESCE_S,
            "stop": STOP_S,
            "health": spec.health_timeout_s,
            "renew": spec.health_timeout_s,
            "migrate": spec.migration_timeout_s,
            "rollback": spec.migration_timeout_s,
        }
        self._peer: Peer | None = None
        self._connection: Connection | None = None
        self._endpoint: Caller | None = None
        self._stdio: Closable | None = None
        self._streamed: RunLog | None = None
        self._closing = False
        self._broken_at: float | None = None  # the first call whose connection broke
        self._doom = ""

    def connect(self, peer: Peer) -> Connection:
        """Use this peer for calls; returns its connection. The run closes it."""
        self._peer = peer
        self._connection = connection = peer.connection()
        self._endpoint = peer.calls(self)
        return connection

    def follow(self, stdio: Closable, streamed: RunLog) -> None:
        """Use this stream of the process's output until the run ends."""
        self._stdio, self._streamed = stdio, streamed

    @property
    def peer(self) -> Peer:
        """The host's end of the connection; raises PluginUnavailable before it is connected."""
        if self._peer is None:
            raise PluginUnavailable(self.plugin_id, "is not connected")
        return self._peer

    @property
    def endpoint(self) -> Caller:
        """The endpoint for the host's own calls; raises PluginUnavailable before it is connected."""
        if self._endpoint is None:
            raise PluginUnavailable(self.plugin_id, "is not connected")
        return self._endpoint

    @property
    def connection(self) -> Connection:
        """The connection for adapters; raises PluginUnavailable before it is connected."""
        if self._connection is None:
            raise PluginUnavailable(self.plugin_id, "is not connected")
        return self._connection

    @property
    def describes(self) -> bool:
        """Whether it can report its database's schema version."""
        return self.serves(DESCRIBE.wire_service)

    @property
    def by_hand(self) -> bool:
        """Whether a developer started it by hand; the host then never ends it."""
        return self.announced is not None and self.announced.test

    @property
    def ran_s(self) -> float:
        """For how many seconds it has been running."""
        return self._clock.now() - self._began

    # ---- for the host's own calls ----

    def serves(self, wire_service: str) -> bool:
        """Whether the process serves this gRPC service, as far as known."""
        return self.wire_services is not None and wire_service in self.wire_services

    def deadline_s(self, method: str) -> float:
        """The rest of the start's time, for calls of the start; migrations and later calls have their own deadlines."""
        return self._deadlines.get(method) or self.left_s()

    def loss(self, call: str) -> PluginUnavailable | PluginClosed:
        """The error for a call whose connection broke."""
        if self._closing:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        now = time.monotonic()
        self._broken_at = now if self._broken_at is None else self._broken_at
        if self.process.wait(max(0.0, self._broken_at + LOSS_S - now)) is None:
            return PluginUnavailable(self.plugin_id, "the connection to it broke", call=call, in_call=True)
        return PluginUnavailable(self.plugin_id, self.end, call=call, in_call=True)

    def left_s(self) -> float:
        """Seconds left of the start's time, rounded to tenths because messages show them."""
        return max(0.1, round(self.deadline - self._clock.now(), 1))

    # ---- health, and the end ----

    def check(self, done: Callable[[str], object]) -> None:
        """Ask the process whether it serves; calls ``done`` with "" or the reason, within the deadline of a check."""
        self.peer.check(self.spec.health_timeout_s, done)

    def own_health(self, done: Callable[[Health | None, str], object]) -> None:
        """Ask the plugin for its health; calls ``done`` with the answer, or with None and the reason."""

        def ended(future: Future[Health]) -> None:
            error = future.exception()
            done(None if error else future.result(), str(getattr(error, "message", error or "")))

        self.endpoint.start(lifecycle.HEALTH).add_done_callback(ended)

    def condemn(self, reason: str) -> None:
        """Kill the process, which no longer serves; its end is then reported with this reason."""
        self._doom = reason
        if self.group is not None:
            self.group.kill()
        self.process.kill()

    @property
    def end(self) -> str:
        """How the process ended, in one line."""
        return self._doom or (self.group.breach if self.group is not None else "") or died(self.process)

    @property
    def last_words(self) -> tuple[str, ...]:
        """The last lines of its stderr."""
        return last_words(self.process.output.last("stderr"))

    # ---- stop ----

    def drain(self, timeout_s: float, closing: Cancellation, streams_s: float = STREAMS_S) -> None:
        """Wait for the calls in flight, ``timeout_s`` seconds at most; a ``closing`` host does not wait.

        Their streams are ended after ``streams_s`` seconds.
        """
        with closing.cuts(self.connection.hurry):
            self.connection.drained(timeout_s, streams_s)

    def quiesce(self, closing: Cancellation) -> None:
        """Ask it to release what only one process can hold; it still answers calls, and is stopped in any case.

        A ``closing`` host does not wait.
        """
        if not self.serves(lifecycle.QUIESCE.wire_service):
            return
        done = threading.Event()
        quiesced = self.endpoint.start(lifecycle.QUIESCE)
        quiesced.add_done_callback(lambda _: done.set())
        with closing.cuts(done.set):
            if not self._clock.wait(done, QUIESCE_S + NOTICE_S):
                log.warning("plugin %s: Quiesce has not ended within %g s", self.plugin_id, QUIESCE_S + NOTICE_S)
        error = quiesced.exception() if quiesced.done() else None
        if error is not None and not isinstance(error, NotOffered):
            log.warning("plugin %s did not quiesce: %s", self.plugin_id, error)

    def stop(self) -> str:
        """Stop the process, gracefully first, and reap it; returns the last step. Does not end one started by hand."""
        self._closing = True
        peer = self.peer
        if self.by_hand:
            with contextlib.suppress(PluginError):
                self.endpoint.call(lifecycle.STOP)
            self._leave()
            return "left"

        def gently() -> None:
            with contextlib.suppress(PluginError):
                self.endpoint.call(lifecycle.STOP)
            peer.shut_down(SHUTDOWN_S)

        try:
            return self.process.stop(gently, grace_s=SHUTDOWN_S)
        finally:
            self._let_go()

    @property
    def lasts(self) -> bool:
        """Whether the process may outlive this host."""
        return self.renewal is not None

    def detach(self) -> Reattach:
        """Leave a process that lasts to the next host; returns where it runs."""
        assert self.announced is not None  # noqa: S101 - the caller asked whether it lasts
        self._closing = True
        self._leave()
        return self.announced

    def _leave(self) -> None:
        self._let_go()
        self.process.let_go()

    def close(self) -> None:
        """Close the connection to a process that has ended by itself."""
        self._let_go()

    def _let_go(self) -> None:
        if self.renewal is not None:
            self.renewal.close()
        if self._stdio is not None:
            self._stdio.close()
        if self._streamed is not None:
            self._streamed.quiet()
        self.hosting.close()
        if self._peer is not None:
            self._peer.close()

    def abandon(self) -> None:
        """Kill the process, because its start failed."""
        self._closing = True
        self.process.kill()
        self._let_go()

    def give_up(self) -> None:
        """Disconnect from a process that this host did not start, and leave it running."""
        self._closing = True
        self._leave()


def died(process: Process) -> str:
    """How a process ended, with its last line of output."""
    last = [line for line in process.output.last("stderr") if readable(line).strip()]
    told = [line for line in last if line.startswith(_PANICS)] or last  # Go prints the reason before the traceback
    said = f"; its last output: {readable(told[-1])[:300]}" if told else ""
    return f"its process ended with {process.describe_exit()}{said}"
