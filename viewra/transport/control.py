"""``plugin.GRPCController``: how a host asks a plugin to end, and how a plugin hears it."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from viewra.pb import grpc_controller_pb2, grpc_controller_pb2_grpc


def shutdown(channel: grpc.Channel, timeout_s: float) -> bool:
    """Ask the plugin to end, waiting at most ``timeout_s`` seconds; whether it answered.

    A failure means nothing: a Go plugin stops its server within the call, so that the answer itself may get lost.
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
    """The plugin's side: ``on_shutdown`` is called when the answer has gone out.

    It runs on a thread of gRPC's and must return at once (set an event): stopping the server there would wait for
    itself.
    """

    def __init__(self, on_shutdown: Callable[[], None]) -> None:
        self._on_shutdown = on_shutdown

    def Shutdown(  # noqa: N802 - the name on the wire
        self, request: grpc_controller_pb2.Empty, context: grpc.ServicerContext
    ) -> grpc_controller_pb2.Empty:
        """Answer, then end."""
        del request
        if not context.add_callback(self._on_shutdown):  # the host has gone already
            self._on_shutdown()
        return grpc_controller_pb2.Empty()
