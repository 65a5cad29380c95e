"""The description of one remote procedure: its place on the wire, and the functions between values and bytes.

The host encodes arguments and decodes values, the plugin does the reverse; both sides, and plugins in the host's own
process, check a plugin's return values with the same ``check``. Knows gRPC's paths, but not gRPC.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import attrs
from google.protobuf.message import DecodeError, Message

from viewra.codec.limits import Limits, limited
from viewra.text import cut, shown

P = ParamSpec("P")
T = TypeVar("T")
Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class InvalidValue(ValueError):
    """An invalid value: ``field`` names it (``"metadata[title]"``), ``problem`` says what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Refusal(Exception):  # not a bug on this side: the plugin's own "no", on its way to a PluginFault
    """The plugin answered that the call failed; the text is its reason."""


class Reports(enum.Enum):
    """How a response reports a failure."""

    SUCCESS = "success"  # success=false, or a text in error
    ERROR = "error"  # a text in error
    STATUS = "status"  # only by gRPC's status


@attrs.frozen(eq=False)
class Rpc(Generic[P, T]):
    """One procedure, made by ``procedure`` or ``action``.

    ``service`` is the capability's name, ``method`` that of the service method and of the hook, ``path`` gRPC's.
    ``arguments`` gives the request for arguments, and raises InvalidValue for one that the wire cannot carry.
    ``parse_arguments`` gives the arguments in a request, in the method's order; raises InvalidValue.
    ``value`` gives the checked value in a response, by the host's limits; raises Refusal, or InvalidValue.
    ``answer`` gives the response for what the method returned; raises InvalidValue when it may not return that.
    ``failure`` gives the response that says the call failed, or None where only gRPC's status can say it.
    ``check`` gives what the method returned in its final form; raises InvalidValue.
    ``refuses`` says that raising is an answer, by the method's contract: the file is not to the plugin's liking, say.
    ``idempotent`` says that asking twice is harmless: a call whose process dies under it is made once more.
    ``timed_as`` is the method whose deadline it has.
    """

    service: str
    method: str
    path: str
    arguments: Callable[P, bytes]
    parse_arguments: Callable[[bytes], tuple[object, ...]]
    value: Callable[[bytes, Limits], T]
    answer: Callable[[object], bytes]
    failure: Callable[[str], bytes | None]
    check: Callable[[object], T]
    reports: Reports = Reports.STATUS
    refuses: bool = False
    idempotent: bool = False
    plain: bool = False
    timed_as: str = attrs.field(default=attrs.Factory(lambda self: self.method, takes_self=True))

    @property
    def wire_service(self) -> str:
        """The gRPC service's full name (``plugin.SearchService``)."""
        return self.path.split("/")[1]

    @property
    def wire_method(self) -> str:
        """The gRPC method's name (``Search``)."""
        return self.path.split("/")[2]


def procedure(
    *,
    service: str,
    method: str,
    path: str,
    request: type[Request],
    response: type[Response],
    encode_args: Callable[P, Request],
    encode_value: Callable[[T], Response],
    decode_value: Callable[[Response], T],
    check: Callable[[object], T],
    decode_args: Callable[[Request], tuple[object, ...]] = lambda _: (),
    reports: Reports = Reports.STATUS,
    refuses: bool = False,
    idempotent: bool = False,
    plain: bool = False,
    decode_and_check: Callable[[Response], T] | None = None,
) -> Rpc[P, T]:
    """Make a procedure of pure functions between arguments, values and messages.

    ``plain`` says that ``check`` asks no more than ``decode_value`` and the wire's own types do, but for size: where
    nothing in an answer can be too large, ``decode_value`` gives or raises exactly what ``check`` would.
    ``decode_and_check`` does both, for an answer of many parts of which few can be too large.
    """

    def arguments(*args: P.args, **kwargs: P.kwargs) -> bytes:
        try:
            return encode_args(*args, **kwargs).SerializeToString()
        except UnicodeEncodeError as error:
            raise InvalidValue(method, f"{shown(error.object)} is not UTF-8, which this call needs") from error

    def parse_arguments(data: bytes) -> tuple[object, ...]:
        try:
            return decode_args(request.FromString(data))
        except DecodeError as error:
            raise InvalidValue(path, f"the request is not a {request.DESCRIPTOR.name}") from error

    def value(data: bytes, limits: Limits) -> T:
        try:
            message = response.FromString(data)
        except DecodeError as error:
            raise InvalidValue(path, f"the answer is not a {response.DESCRIPTOR.name}") from error
        if reports is not Reports.STATUS:
            said: Any = message
            if said.error or (reports is Reports.SUCCESS and not said.success):
                raise Refusal(cut(said.error, limits.reason_bytes) or "it reported failure and gave no reason")
        if plain and len(data) <= limits.harmless_bytes:
            return decode_value(message)  # as far as the wire goes
        with limited(limits):
            return decode_and_check(message) if decode_and_check else check(decode_value(message))

    def answer(returned: object) -> bytes:
        try:
            return encode_value(check(returned)).SerializeToString()
        except UnicodeEncodeError as error:
            raise InvalidValue(method, f"{shown(error.object)} is not UTF-8") from error

    def failure(reason: str) -> bytes | None:
        if reports is Reports.STATUS:
            return None
        return response(error=reason).SerializeToString()  # success stays false, proto3's default

    return Rpc(
        service=service,
        method=method,
        path=path,
        arguments=arguments,
        parse_arguments=parse_arguments,
        value=value,
        answer=answer,
        failure=failure,
        check=check,
        reports=reports,
        refuses=refuses,
        idempotent=idempotent,
        plain=plain,
    )


def action(
    service: str,
    path: str,
    method: str,
    request: type[Request],
    response: type[Response],
    encode_args: Callable[P, Request],
    decode_args: Callable[[Request], tuple[object, ...]] = lambda _: (),
) -> Rpc[P, None]:
    """A procedure that returns nothing: its response has only success or the error."""
    return procedure(
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
