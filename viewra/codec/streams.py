"""The description of one procedure with streams: functions between the values of both directions and bytes.

viewra/codec/rpc.py describes those with one request and one answer. The host sends items and receives values, the
plugin does the reverse; both sides, and plugins in the host's own process, check what the plugin sends by ``check``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

import attrs
from google.protobuf.message import DecodeError, Message

from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue, Rpc
from viewra.text import shown

Item = TypeVar("Item")
Value = TypeVar("Value")
Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class CallEnded(ConnectionResetError):
    """The host has ended a call before the plugin had read all of its items."""


@attrs.frozen(eq=False)
class StreamRpc(Generic[Item, Value]):
    """One procedure, made by ``stream``; ``service``, ``method`` and ``path`` as in ``Rpc``.

    ``item`` gives the message for an item; raises InvalidValue for one that the wire cannot carry.
    ``parse_item`` gives the item in a message; raises InvalidValue.
    ``value`` gives the checked value in a message of the plugin, by the host's limits; raises InvalidValue.
    ``answer`` gives the message for a value of the author's method; raises InvalidValue.
    ``check`` gives a value of the author's method in its final form; raises InvalidValue.
    """

    service: str
    method: str
    path: str
    item: Callable[[Item], bytes]
    parse_item: Callable[[bytes], Item]
    value: Callable[[bytes, Limits], Value]
    answer: Callable[[object], bytes]
    check: Callable[[object], Value]

    refuses = False
    """As in ``Rpc``: raising is a fault."""

    @property
    def wire_service(self) -> str:
        """The gRPC service's full name."""
        return self.path.split("/")[1]

    @property
    def wire_method(self) -> str:
        """The gRPC method's name."""
        return self.path.split("/")[2]


AnyRpc: TypeAlias = Rpc[..., Any] | StreamRpc[Any, Any]
"""A procedure of either kind."""


def stream(
    *,
    service: str,
    method: str,
    path: str,
    request: type[Request],
    response: type[Response],
    encode_item: Callable[[Item], Request],
    decode_item: Callable[[Request], Item],
    encode_value: Callable[[Value], Response],
    decode_value: Callable[[Response], Value],
    check: Callable[[object], Value],
) -> StreamRpc[Item, Value]:
    """Make a procedure of pure functions between values and messages."""

    def item(sent: Item) -> bytes:
        try:
            return encode_item(sent).SerializeToString()
        except UnicodeEncodeError as error:
            raise InvalidValue(method, f"{shown(error.object)} is not UTF-8, which this call needs") from error

    def parse_item(data: bytes) -> Item:
        try:
            return decode_item(request.FromString(data))
        except DecodeError as error:
            raise InvalidValue(path, f"the message is not a {request.DESCRIPTOR.name}") from error

    def value(data: bytes, limits: Limits) -> Value:
        try:
            message = response.FromString(data)
        except DecodeError as error:
            raise InvalidValue(path, f"the message is not a {response.DESCRIPTOR.name}") from error
        with limited(limits):
            return check(decode_value(message))

    def answer(returned: object) -> bytes:
        try:
            return encode_value(check(returned)).SerializeToString()
        except UnicodeEncodeError as error:
            raise InvalidValue(method, f"{shown(error.object)} is not UTF-8") from error

    return StreamRpc(service, method, path, item, parse_item, value, answer, check)
