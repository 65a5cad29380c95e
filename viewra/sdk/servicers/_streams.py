"""Turns an author's generator into a gRPC handler of a procedure with streams.

Each call has a thread of its own, so that streams that last leave the threads of other calls free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from viewra.codec import fault
from viewra.codec.streams import CallEnded
from viewra.sdk.servicers._handlers import report
from viewra.text import clean
from viewra.transport.threads import ThreadEach

if TYPE_CHECKING:
    from viewra.codec.streams import StreamRpc
    from viewra.sdk.log import Logger

Item = TypeVar("Item")
Value = TypeVar("Value")
StreamMethod = Callable[[Iterator[Item], Callable[[], bool]], Iterable[Value]]
"""Gets the host's items, and a function that tells whether the host still wants the answer; gives values.

Reading items raises ConnectionResetError when the host has ended the call; gRPC may also show that as the end of the
items for a moment, so a procedure marks its last item where one that is missing matters.
"""


def stream_handler(rpc: StreamRpc[Any, Any], method: StreamMethod[Any, Any], log: Logger) -> Any:
    """The gRPC handler that answers ``rpc`` with ``method``."""

    def behave(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        values: Iterable[Any] = ()
        try:
            values = method(_items(rpc, messages), context.is_active)
            for value in values:
                yield rpc.answer(value)
        except GeneratorExit:  # the host has ended the call
            raise
        except BaseException as error:  # including SystemExit, as in calls without streams
            # One that the caller gave up is no fault of the author's.
            why = report(rpc, error, context, log, meant=isinstance(error, CallEnded))
            context.set_code(grpc.StatusCode.INTERNAL)
            context.set_details(clean(why, fault.MAX_STATUS))
        finally:
            close = getattr(values, "close", None)
            if close is not None:
                close()

    behave.experimental_thread_pool = ThreadEach("stream")  # type: ignore[attr-defined]
    return grpc.stream_stream_rpc_method_handler(behave)


def _items(rpc: StreamRpc[Item, Any], messages: Iterator[bytes]) -> Iterator[Item]:
    while True:
        try:
            message = next(messages)
        except StopIteration:
            return
        except grpc.RpcError as error:
            raise CallEnded("the host ended the call") from error
        yield rpc.parse_item(message)
