"""From an author's method to a gRPC handler: the one place on the plugin's side that translates errors.

Whatever the author's code raises becomes an answer for that one call: the response's own ``error`` where it has one,
else gRPC's status; the exception's type and causes go along in the trailing metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import attrs
import grpc

from viewra.batch import reason
from viewra.codec import fault
from viewra.codec.rpc import Rpc

P = ParamSpec("P")
T = TypeVar("T")


@attrs.frozen
class Handler:
    """One procedure with the function that answers it."""

    rpc: Rpc[..., Any]
    method: Callable[..., Any]


def handle(rpc: Rpc[P, T], method: Callable[P, Any]) -> Handler:
    """Pair a procedure with the author's method; the types see to it that their arguments agree."""
    return Handler(rpc, method)


def generic_handlers(handlers: Iterable[Handler]) -> list[grpc.GenericRpcHandler]:
    """What ``grpc.Server.add_generic_rpc_handlers`` takes, one for each gRPC service."""
    services: dict[str, dict[str, grpc.RpcMethodHandler[bytes, bytes]]] = {}
    for handler in handlers:
        methods = services.setdefault(handler.rpc.wire_service, {})
        methods[handler.rpc.wire_method] = grpc.unary_unary_rpc_method_handler(_behaviour(handler))
    return [grpc.method_handlers_generic_handler(name, methods) for name, methods in services.items()]


def _behaviour(handler: Handler) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    rpc, method = handler.rpc, handler.method

    def behave(data: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return rpc.answer(method(*rpc.parse_arguments(data))).SerializeToString()
        except BaseException as error:  # SystemExit too: sys.exit() in a method must not take a server thread along
            context.set_trailing_metadata(((fault.KEY, fault.encode(error)),))
            failure = rpc.failure(fault.clean(reason(error)))
            if failure is None:
                context.set_code(grpc.StatusCode.INTERNAL)
                context.set_details(fault.clean(reason(error), fault.MAX_STATUS))
                return b""
            return failure.SerializeToString()

    return behave
