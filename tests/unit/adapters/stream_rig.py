"""An echoing procedure with streams, and what tests need around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.eventually import eventually
from tests.unit.adapters.fake_link import OpenLink
from viewra.adapters import Connection, Endpoint, Traffic
from viewra.codec.rpc import InvalidValue
from viewra.codec.streams import StreamRpc, stream
from viewra.errors import PluginUnavailable
from viewra.pb import plugin_pb2 as pb
from viewra.services import SERVICES

Method = Callable[[Iterator[str], Callable[[], bool]], Iterable[object]]


def text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue("value", "must be text")
    return value


ECHO: StreamRpc[str, str] = stream(
    service="search_service",
    method="echo",
    path="/test.Echo/Echo",
    request=pb.RegisterRoutesRequest,
    response=pb.RegisterRoutesResponse,
    encode_item=lambda item: pb.RegisterRoutesRequest(base_path=item),
    decode_item=lambda message: message.base_path,
    encode_value=lambda value: pb.RegisterRoutesResponse(error=value),
    decode_value=lambda message: message.error,
    check=text,
)


class Author:
    """A plugin whose ``echo`` is what the test sets."""

    def __init__(self, method: Method) -> None:
        self.echo = method

    def search(self, query: object, limit: int, offset: int) -> object:
        raise NotImplementedError

    def get_search_capabilities(self) -> object:
        raise NotImplementedError


class FakeLink(OpenLink):
    seconds = 0.2

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def acquire(self, patience_s: float) -> Connection:
        return self.connection.enter()

    def loss(self, connection: Connection, call: str) -> PluginUnavailable:
        return PluginUnavailable("p", "its process ended", call=call, in_call=True)


class Rig:
    """An endpoint, what counts its calls, and the number of calls in flight on its connection."""

    connection: Connection

    def __init__(
        self, endpoint: Endpoint, traffic: Traffic, flying: Callable[[], int], cut: Callable[[], None]
    ) -> None:
        self.endpoint, self.traffic, self.flying, self.cut = endpoint, traffic, flying, cut

    def open(self, only: str | None = None, most_s: float = 20) -> Any:
        return self.endpoint.stream(ECHO, only=only, most_s=most_s)

    def at_rest(self) -> None:
        assert self.traffic.in_flight == 0
        eventually(lambda: not self.flying(), "no call is in flight")


Rigged = Callable[[Method], Rig]


SERVICES_OF_SEARCH = type(SERVICES)(SERVICES["search"])


def shout(items: Iterator[str], wanted: Callable[[], bool]) -> Iterator[str]:
    for item in items:
        yield item.upper()
