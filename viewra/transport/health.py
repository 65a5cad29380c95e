"""A plugin's gRPC health service, which answers even while all threads for calls are busy or hang.

It reports whether the process and its connection work; ``PluginService.Health`` reports whether the plugin itself is
healthy. The host's side is in ``channel`` (``wait_ready``, ``check_health``).
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
        """Add the service to a server that has not been started."""

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

        # If gRPC drops these attributes, both run on the server's own threads, and a busy plugin answers late.
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
        """Report SERVING from now on."""
        for name in (HEALTH_SERVICE, ""):
            self._servicer.set(name, health_pb2.HealthCheckResponse.SERVING)

    def ending(self) -> None:
        """Report NOT_SERVING from now on: the server is about to stop."""
        self._servicer.enter_graceful_shutdown()

    def close(self) -> None:
        """End the thread. Call it after the server has stopped."""
        self._pool.shutdown(wait=False)
