"""``plugin.GRPCController``: the service through which a host asks a plugin to end; both ends."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from viewra.pb import grpc_controller_pb2, grpc_controller_pb2_grpc


def shutdown(channel: grpc.Channel, timeout_s: float) -> bool:
    """Ask the plugin to end, and wait at most ``timeout_s`` seconds. Returns whether it answered.

    False does not mean that it refused: a Go plugin stops its server during the call, so its answer may be lost.
    """
    # Not the generated stub: making one on a channel that another thread has closed crashes the interpreter.
    call = channel.unary_unary(
        "/plugin.GRPCController/Shutdown",
        request_serializer=grpc_controller_pb2.Empty.SerializeToString,
        response_deserializer=grpc_controller_pb2.Empty.FromString,
    )
    try:
        call(grpc_controller_pb2.Empty(), timeout=timeout_s)
    except (grpc.RpcError, ValueError):  # ValueError: the channel was closed already
        return False
    return True


class ControllerServicer(grpc_controller_pb2_grpc.GRPCControllerServicer):
    """The plugin's side: calls ``on_shutdown`` after the answer is sent.

    ``on_shutdown`` runs on a thread of gRPC and must return at once (set an event): stopping the server there would
    deadlock.
    """

    def __init__(self, on_shutdown: Callable[[], None]) -> None:
        self._on_shutdown = on_shutdown

    def Shutdown(  # noqa: N802 - the name on the wire
        self, request: grpc_controller_pb2.Empty, context: grpc.ServicerContext
    ) -> grpc_controller_pb2.Empty:
        """Answer, then call ``on_shutdown``."""
        del request
        if not context.add_callback(self._on_shutdown):  # the host has already disconnected
            self._on_shutdown()
        return grpc_controller_pb2.Empty()
