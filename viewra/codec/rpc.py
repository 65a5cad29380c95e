"""What one remote procedure is: its place on the wire and the four pure functions between values and messages.

The host encodes arguments and decodes values, the plugin does the reverse; both sides, and plugins in the host's own
process, pass what a plugin returned through the same ``check``. Knows gRPC's paths, but not gRPC.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import attrs
from google.protobuf.message import DecodeError, Message

from viewra.codec.limits import Limits, limited

P = ParamSpec("P")
T = TypeVar("T")


class InvalidValue(ValueError):
    """A value that may not cross: ``field`` names it (``"metadata[title]"``), ``problem`` says what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Refusal(Exception):  # not a bug on this side: the plugin's own "no", on its way to a PluginFault
    """The plugin answered that the call failed; the text is its reason."""


class Reports(enum.Enum):
    """How a response says that the call failed."""

    SUCCESS = "success"  # success=false, or a text in error
    ERROR = "error"  # a text in error
    STATUS = "status"  # only by gRPC's status


@attrs.frozen(eq=False)
class Rpc(Generic[P, T]):
    """One procedure. ``service`` is the capability's name, ``method`` that of the service method and of the hook.

    ``refuses`` says that raising is an answer, by the method's contract: what it was asked about is not to its liking.
    ``idempotent`` says that asking twice is harmless: a call whose process dies under it is made once more.
    ``plain`` says that ``check`` asks no more than the wire's own types do, but for size: what ``decode_value`` makes
    of an answer in which nothing can be too large is already what ``check`` would give.
    """

    service: str
    method: str
    path: str
    request: type[Message]
    response: type[Message]
    encode_args: Callable[P, Message]
    encode_value: Callable[[T], Message]
    decode_value: Callable[[Any], Any]
    check: Callable[[Any], T]
    decode_args: Callable[[Any], tuple[Any, ...]] = lambda _: ()
    reports: Reports = Reports.STATUS
    refuses: bool = False
    idempotent: bool = False
    plain: bool = False

    @property
    def wire_service(self) -> str:
        """The gRPC service's full name (``plugin.SearchService``)."""
        return self.path.split("/")[1]

    @property
    def wire_method(self) -> str:
        """The gRPC method's name (``Search``)."""
        return self.path.split("/")[2]

    def arguments(self, *args: P.args, **kwargs: P.kwargs) -> Message:
        """The request for these arguments; raises InvalidValue for one that the wire cannot carry."""
        try:
            return self.encode_args(*args, **kwargs)
        except UnicodeEncodeError as error:
            raise InvalidValue(self.method, f"{error.object!r} is not UTF-8, which this call needs") from error

    def value(self, data: bytes, limits: Limits) -> T:
        """The checked value in a response; raises Refusal, or InvalidValue when it is not a valid answer."""
        try:
            message = self.response.FromString(data)
        except DecodeError as error:
            raise InvalidValue(self.wire_method, f"the answer is not a {self.response.DESCRIPTOR.name}") from error
        if self.reports is not Reports.STATUS:
            self._raise_refusal(message)
        value: T = self.decode_value(message)  # as far as the wire goes
        if self.plain and len(data) <= limits.harmless_bytes:
            return value
        with limited(limits):
            return self.check(value)

    def parse_arguments(self, data: bytes) -> tuple[Any, ...]:
        """The arguments in a request, in the method's order; raises InvalidValue."""
        try:
            return self.decode_args(self.request.FromString(data))
        except DecodeError as error:
            raise InvalidValue(self.wire_method, f"the request is not a {self.request.DESCRIPTOR.name}") from error

    def answer(self, value: object) -> Message:
        """The response for what the method returned; raises InvalidValue when it may not return that."""
        try:
            return self.encode_value(self.check(value))
        except UnicodeEncodeError as error:
            raise InvalidValue(self.method, f"{error.object!r} is not UTF-8") from error

    def failure(self, reason: str) -> Message | None:
        """The response that says the call failed, or None where only gRPC's status can say it."""
        if self.reports is Reports.STATUS:
            return None
        return self.response(error=reason)  # success stays false, proto3's default

    def _raise_refusal(self, message: Any) -> None:
        if message.error or (self.reports is Reports.SUCCESS and not message.success):
            raise Refusal(message.error or "it reported failure and gave no reason")


def action(
    service: str,
    path: str,
    method: str,
    request: type[Message],
    response: type[Message],
    encode_args: Callable[P, Message],
    decode_args: Callable[[Any], tuple[Any, ...]] = lambda _: (),
) -> Rpc[P, None]:
    """A procedure that returns nothing: its response says only success, or why not."""
    return Rpc(
        service=service,
        path=path,
        method=method,
        request=request,
        response=response,
        encode_args=encode_args,
        decode_args=decode_args,
        encode_value=lambda _: response(success=True),
        decode_value=lambda _: None,
        check=_nothing,
        reports=Reports.SUCCESS,
        plain=True,
    )


def _nothing(value: object) -> None:
    if value is not None:
        raise InvalidValue("result", f"must be None, not {type(value).__name__}")
