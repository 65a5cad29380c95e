"""gRPC's health service at a plugin's end, which answers even while all threads that answer calls are busy or hang.

It tells whether the process and its connection work; whether the plugin itself is well, ``PluginService.Health`` says.
Asking is the host's side (``channel.wait_ready``).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2

from viewra.transport.channel import HEALTH_SERVICE

NAME: str = health.SERVICE_NAME
"""The gRPC service's full name."""


class HealthService:
    """One server's health: SERVING from ``serving`` on, NOT_SERVING after ``ending``. ``close`` ends its thread."""

    def __init__(self) -> None:
        self._servicer = health.HealthServicer()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="health")  # its thread starts with the first question

    def add_to(self, server: grpc.Server) -> None:
        """Serve this on a server that is not yet started."""

        def check(
            request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
        ) -> health_pb2.HealthCheckResponse:
            return self._servicer.Check(request, context)

        def watch(
            request: health_pb2.HealthCheckRequest,
            context: grpc.ServicerContext,
            send: Callable[[health_pb2.HealthCheckResponse | None], None],
        ) -> None:
            self._servicer.Watch(request, context, send)

        # Should gRPC drop these attributes, both take the server's own threads: the health of a busy plugin comes late.
        check.experimental_thread_pool = self._pool  # type: ignore[attr-defined]
        watch.experimental_thread_pool = self._pool  # type: ignore[attr-defined]
        watch.experimental_non_blocking = True  # type: ignore[attr-defined]
        codec = health_pb2.HealthCheckRequest.FromString, health_pb2.HealthCheckResponse.SerializeToString
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(check, *codec),
            "Watch": grpc.unary_stream_rpc_method_handler(watch, *codec),
        }
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NAME, methods)])

    def serving(self) -> None:
        """Say that the server answers calls."""
        for name in (HEALTH_SERVICE, ""):
            self._servicer.set(name, health_pb2.HealthCheckResponse.SERVING)

    def ending(self) -> None:
        """Say that the server is about to end."""
        self._servicer.enter_graceful_shutdown()

    def close(self) -> None:
        """End the thread, after the server has stopped."""
        self._pool.shutdown(wait=False)
