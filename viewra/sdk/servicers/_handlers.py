"""From an author's method to a gRPC handler: the one place on the plugin's side that translates errors.

Whatever the author's code raises becomes an answer for that one call: the response's own ``error`` where it has one,
else gRPC's status; the exception's type and causes go along in the trailing metadata. Its traceback goes into the
plugin's log, with an id that goes along, too.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import attrs
import grpc

from viewra.codec import fault
from viewra.codec.rpc import Rpc
from viewra.sdk.denied import advice
from viewra.sdk.log import Logger
from viewra.text import clean, kind, reason

P = ParamSpec("P")
T = TypeVar("T")

_MAX_REASON = 4096  # bytes
_TRACEBACK_HEAD, _TRACEBACK_TAIL = 3_000, 6_000  # bytes; as JSON six times that at most, which a host takes as one line


@attrs.frozen
class Handler:
    """One procedure with the function that answers it."""

    rpc: Rpc[..., Any]
    method: Callable[..., Any]


def handle(rpc: Rpc[P, T], method: Callable[P, Any]) -> Handler:
    """Pair a procedure with the author's method; the types see to it that their arguments agree."""
    return Handler(rpc, method)


def add_handlers(server: grpc.Server, handlers: Iterable[Handler], log: Logger) -> None:
    """Have a server that is not yet started answer these procedures; ``log`` gets the tracebacks."""
    services: dict[str, dict[str, grpc.RpcMethodHandler[bytes, bytes]]] = {}
    for handler in handlers:
        methods = services.setdefault(handler.rpc.wire_service, {})
        methods[handler.rpc.wire_method] = grpc.unary_unary_rpc_method_handler(_behaviour(handler, log))
    for name, methods in services.items():
        # Registered, as generated code does it: generic handlers are all asked for each call, one after the other.
        server.add_registered_method_handlers(name, methods)


def _behaviour(handler: Handler, log: Logger) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    rpc, method = handler.rpc, handler.method

    def behave(data: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            answer = method(*rpc.parse_arguments(data))
            return rpc.answer(answer)
        except BaseException as error:  # SystemExit too: sys.exit() in a method must not take a server thread along
            call_id = fault.new_id()
            late = not context.is_active()  # nobody waits for it any more
            told = isinstance(error, SystemExit) and isinstance(error.code, str)  # sys.exit("what is missing")
            meant = rpc.refuses or told  # and no mistake in the code
            why = f"{reason(error)}: {remedy}" if (remedy := advice(error)) else reason(error)
            _log_traceback(log.debug if meant else log.error, rpc.method, error, call_id, late=late, remedy=remedy)
            context.set_trailing_metadata(((fault.KEY, fault.encode(error, call_id)),))
            failure = rpc.failure(clean(why, _MAX_REASON))
            if failure is None:
                context.set_code(grpc.StatusCode.INTERNAL)
                context.set_details(clean(why, fault.MAX_STATUS))
                return b""
            return failure

    return behave


def _log_traceback(
    log: Callable[..., None], call: str, error: BaseException, call_id: str, *, late: bool, remedy: str
) -> None:
    message = f"{call} failed{' after its deadline' if late else ''}: {kind(error)}"
    message += f" ({remedy})" if remedy else ""
    with contextlib.suppress(Exception):  # stderr may be closed, the exception's own class fail: the answer comes first
        log(message, call=call, call_id=call_id, traceback=_traceback(error))


def _traceback(error: BaseException) -> str:
    """The traceback from the call's beginning to its end, without the middle of one that is endless."""
    text = "".join(traceback.format_exception(error)).rstrip("\n").encode("utf-8", "backslashreplace")
    if len(text) > _TRACEBACK_HEAD + _TRACEBACK_TAIL:
        text = text[:_TRACEBACK_HEAD] + b"\n  [...]\n" + text[-_TRACEBACK_TAIL:]
    return text.decode("utf-8", "replace")
