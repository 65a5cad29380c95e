"""A gRPC server around one plugin: its services, health, reflection and the controller.

Where it listens and how it is announced is ``serve``'s business; tests put it on a socket of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from viewra.pb import grpc_controller_pb2_grpc
from viewra.sdk.log import Logger
from viewra.sdk.servicers import Lifecycle, all_handlers, generic_handlers
from viewra.services import Implementation
from viewra.transport.channel import HEALTH_SERVICE, options
from viewra.transport.control import ControllerServicer

THREADS = 8
"""Calls that one plugin process answers at the same time."""


class PluginServer:
    """The server, not yet listening: add a port, ``start()``, later ``stop()``."""

    def __init__(self, plugin: Implementation, *, log: Logger, on_shutdown: Callable[[], None]) -> None:
        self.lifecycle = Lifecycle(plugin, log)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="call")
        self._server = grpc.server(self._pool, options=options())
        handlers = all_handlers(plugin, self.lifecycle)
        self._server.add_generic_rpc_handlers(generic_handlers(handlers))
        grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(ControllerServicer(on_shutdown), self._server)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = {handler.rpc.wire_service for handler in handlers}
        reflection.enable_server_reflection(
            (*sorted(names), "plugin.GRPCController", health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )

    def listen(self, address: str) -> int:
        """Listen on a gRPC address (``unix:/path``, ``127.0.0.1:0``); gives the port (1 for a unix socket)."""
        return self._server.add_insecure_port(address)

    def start(self) -> None:
        """Answer calls from now on, and say so through the health service."""
        self._server.start()
        for name in (HEALTH_SERVICE, ""):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def stop(self, grace_s: float) -> None:
        """Stop the plugin if it runs, then the server: calls under way get ``grace_s`` seconds to end."""
        self._health.enter_graceful_shutdown()
        try:
            self.lifecycle.stop()
        finally:
            self._server.stop(grace_s).wait()
            self._pool.shutdown(wait=False)
