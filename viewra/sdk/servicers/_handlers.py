"""Turns an author's method into a gRPC handler; the only place on the plugin's side that translates errors.

An exception in the author's code fails only its own call: it becomes the response's ``error`` field if the response has
one, else gRPC's status. The exception's type and causes are sent in the trailing metadata, with an id; the plugin's log
has the traceback under the same id.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import grpc

from viewra.codec import fault
from viewra.codec.rpc import InvalidValue, Rpc
from viewra.denied import advice, explained
from viewra.errors import HostUnavailable
from viewra.sdk.log import Logger
from viewra.text import clean, kind
from viewra.transport.multiplexer import Behaviour, CallContext

if TYPE_CHECKING:
    from viewra.codec.streams import Item, StreamRpc, Value
    from viewra.sdk.servicers._streams import StreamMethod

P = ParamSpec("P")
T = TypeVar("T")

_MAX_REASON = 4096  # bytes
_TRACEBACK_HEAD, _TRACEBACK_TAIL = (
    3_000,
    6_000,
)  # bytes; in JSON at most six times that, which a host accepts as one line


class Handler(NamedTuple):
    """A procedure and the function that answers it."""

    rpc: Rpc[..., Any] | StreamRpc[Any, Any]
    method: Callable[..., Any]


def handle(rpc: Rpc[P, T], method: Callable[P, Any]) -> Handler:
    """Pair a procedure with the author's method; type checkers verify that the arguments agree."""
    return Handler(rpc, method)


def handle_stream(rpc: StreamRpc[Item, Value], method: StreamMethod[Item, Value]) -> Handler:
    """Pair a procedure that has streams with the author's method."""
    return Handler(rpc, method)


def add_handlers(server: grpc.Server, handlers: Iterable[Handler], log: Logger) -> Mapping[str, Behaviour]:
    """Add these procedures to a server that has not been started; ``log`` gets the tracebacks.

    Returns what answers those without streams, by path.
    """
    behaviours: dict[str, Behaviour] = {}
    services: dict[str, dict[str, grpc.RpcMethodHandler[bytes, bytes]]] = {}
    for rpc, method in handlers:
        methods = services.setdefault(rpc.wire_service, {})
        if isinstance(rpc, Rpc):
            behaviours[rpc.path] = _behaviour(rpc, method, log)
            methods[rpc.wire_method] = grpc.unary_unary_rpc_method_handler(behaviours[rpc.path])
        else:
            from viewra.sdk.servicers._streams import stream_handler  # light start-up: few plugins have streams

            methods[rpc.wire_method] = stream_handler(rpc, method, log)
    for name, methods in services.items():
        # Registered as generated code does: gRPC asks generic handlers one after the other at each call.
        server.add_registered_method_handlers(name, methods)
    return behaviours


def _behaviour(rpc: Rpc[..., Any], method: Callable[..., Any], log: Logger) -> Behaviour:
    def behave(data: bytes, context: CallContext) -> bytes:
        try:
            answer = method(*rpc.parse_arguments(data))
            return rpc.answer(answer)
        except BaseException as error:  # including SystemExit: sys.exit() in a method must not end a server thread
            why = report(rpc, error, context, log)
            failure = rpc.failure(clean(why, _MAX_REASON))
            if failure is None:
                context.set_code(grpc.StatusCode.INTERNAL)
                context.set_details(clean(why, fault.MAX_STATUS))
                return b""
            return failure

    return behave


def report(
    rpc: Rpc[..., Any] | StreamRpc[Any, Any],
    error: BaseException,
    context: CallContext,
    log: Logger,
    *,
    meant: bool = False,
) -> str:
    """Log the traceback, put the exception into the trailing metadata, and return its reason.

    ``meant`` says that the exception is no mistake in the author's code.
    """
    call_id = fault.new_id()
    late = not context.is_active()  # the caller no longer waits
    told = isinstance(error, SystemExit) and isinstance(error.code, str)  # sys.exit("the reason")
    ended = isinstance(error, HostUnavailable)  # it is being stopped, or its host has none: no author's fault
    meant = meant or rpc.refuses or told or ended
    why = explained(error)
    _log_traceback(log.debug if meant else log.error, rpc.method, error, call_id, late=late)
    context.set_trailing_metadata(((fault.KEY, fault.encode(error, call_id)),))
    return why


def _log_traceback(log: Callable[..., None], call: str, error: BaseException, call_id: str, *, late: bool) -> None:
    message = f"{call} failed{' after its deadline' if late else ''}: {kind(error)}"
    if remedy := advice(error):
        message += f" ({remedy})"
    with contextlib.suppress(Exception):  # stderr may be closed, or the exception's class fail: the answer comes first
        log(message, call=call, call_id=call_id, traceback=_traceback(error))


def _traceback(error: BaseException) -> str:
    """The traceback from the start of the call, without the middle part if it is very long.

    A value that cannot be sent was returned by the author's code, which is in none of the frames then.
    """
    returned = isinstance(error, InvalidValue)
    lines = traceback.format_exception_only(error) if returned else traceback.format_exception(error)
    text = "".join(lines).rstrip("\n").encode("utf-8", "backslashreplace")
    if len(text) > _TRACEBACK_HEAD + _TRACEBACK_TAIL:
        text = text[:_TRACEBACK_HEAD] + b"\n  [...]\n" + text[-_TRACEBACK_TAIL:]
    return text.decode("utf-8", "replace")
