"""A gRPC server for one plugin: its services, health, reflection, broker and controller.

``serve`` chooses its address and announces it; tests use their own socket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc

from viewra.codec.host.attach import ATTACH, ON_REQUEST
from viewra.codec.lifecycle import RENEW
from viewra.codec.limits import UNLIMITED
from viewra.pb import grpc_controller_pb2_grpc
from viewra.sdk.about import Complete
from viewra.sdk.host.uplink import Uplink
from viewra.sdk.lease import Lease
from viewra.sdk.log import Logger
from viewra.sdk.servicers import Lifecycle, add_handlers, all_handlers, handle, handle_stream
from viewra.services import SERVICES, Implementation, Services
from viewra.transport.broker import Broker
from viewra.transport.channel import options
from viewra.transport.control import ControllerServicer
from viewra.transport.endpoint import Listener, Place, listen
from viewra.transport.health import NAME as HEALTH
from viewra.transport.health import HealthService
from viewra.transport.multiplexer import SERVICE as MULTIPLEXER
from viewra.transport.multiplexer import Multiplexer
from viewra.transport.reflect import serve_reflection
from viewra.transport.stdio import StdioService
from viewra.transport.threads import Workers

if TYPE_CHECKING:
    from viewra.transport.mtls import Trust

_GO_PLUGIN = ("plugin.GRPCController", "plugin.GRPCBroker", "plugin.GRPCStdio")
_BACKSTOP_S = 5.0  # gRPC itself stops a server after its grace period
THREADS = 8
"""Calls that one plugin process answers concurrently."""


class PluginServer:
    """The server: call ``listen``, then ``start``, later ``stop``.

    ``complete`` completes the answer to ``Info`` for a host that has not read the plugin's manifest.
    """

    def __init__(
        self,
        plugin: Implementation,
        *,
        log: Logger,
        on_shutdown: Callable[[], None],
        broker: Broker,
        stdio: StdioService | None = None,
        lease: Lease | None = None,
        services: Services = SERVICES,
        complete: Complete | None = None,
        uplink: Uplink | None = None,
    ) -> None:
        self.lifecycle = Lifecycle(plugin, log, complete)
        self.broker = broker
        self.stdio = stdio
        self._uplink = uplink
        self._log = log
        self._listener: Listener | None = None
        self._pool = Workers(THREADS, "call")
        self._server = grpc.server(self._pool, options=options(UNLIMITED.message_bytes))
        handlers = all_handlers(plugin, self.lifecycle, services)
        if lease is not None:
            handlers.append(handle(RENEW, lease.renew))
        if uplink is not None:
            handlers.append(handle_stream(ATTACH, uplink.attach))
        self._multiplexer = Multiplexer(add_handlers(self._server, handlers, log), self._pool)
        self._multiplexer.add_to(self._server)
        grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(ControllerServicer(on_shutdown), self._server)
        self._health = HealthService()
        self._health.add_to(self._server)
        broker.add_to(self._server)
        if stdio is not None:
            stdio.add_to(self._server)
        names = {handler.rpc.wire_service for handler in handlers}
        if uplink is not None and uplink.requests:
            names.add(ON_REQUEST)
        go_plugin = _GO_PLUGIN[: 3 if stdio is not None else 2]
        serve_reflection(self._server, (*sorted(names), MULTIPLEXER, *go_plugin, HEALTH))

    def listen(self, place: Place, *, trust: Trust | None = None) -> Listener:
        """Listen at a new address, with TLS if ``trust`` is given. Raises OSError."""
        self._listener = listen(self._server, place, trust=trust)
        return self._listener

    def start(self) -> None:
        """Answer calls from now on, and report SERVING."""
        self._server.start()
        self._health.serving()

    def stop(self, grace_s: float) -> None:
        """Stop the plugin if it runs, then the server: calls in flight get ``grace_s`` seconds to end."""
        self._health.ending()
        try:
            self.lifecycle.stop()
        finally:
            if self._uplink is not None:
                self._uplink.close()  # or the server would wait for its stream
            self._multiplexer.close()  # as above
            if self.stdio is not None:
                self.stdio.close()
            self.broker.close()
            if not self._server.stop(grace_s).wait(grace_s + _BACKSTOP_S):
                self._log.error("the server did not stop: the process ends with calls in flight")
            self._pool.shutdown(wait=False)
            self._health.close()
            if self._listener is not None:
                self._listener.close()
