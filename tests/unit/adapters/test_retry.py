"""A call whose process dies: repeated once on the next connection if that is harmless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.adapters.fake_link import OpenLink
from viewra.adapters import Connection, RemoteEndpoint, Traffic
from viewra.codec.rpc import Rpc
from viewra.codec.scanner_hook import ON_SCAN_STARTED
from viewra.codec.search import GET_SEARCH_CAPABILITIES
from viewra.errors import PluginClosed, PluginError, PluginUnavailable
from viewra.pb import plugin_pb2 as pb
from viewra.transport.calls import CallFailed, Ended, Failure, Streaming

ANSWER = pb.GetSearchCapabilitiesResponse(supported_fields=["title"]).SerializeToString()


class FakeWire:
    """A way to a process that answers, or (None) dies under the call; or it was closed before the call is sent."""

    def __init__(self, answer: bytes | None, *, closed: bool = False) -> None:
        self._answer = answer
        self._closed = closed

    def method(self, path: str) -> FakeWire:
        return self

    def streaming(self, path: str) -> Streaming:
        raise NotImplementedError

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        return self.result()

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Callable[[str], bytes | None]]:
        return self.result(), self.trailer

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        if self._closed:
            raise CallFailed(Failure.LOST)
        done(self)

    def result(self) -> bytes:
        if self._answer is None:
            raise CallFailed(Failure.LOST)
        return self._answer

    def trailer(self, name: str) -> bytes | None:
        return None


class FakeLink(OpenLink):
    """A plugin whose processes answer as told, one after the other."""

    def __init__(self, *answers: bytes | None, loss: PluginUnavailable | PluginClosed | None = None) -> None:
        self.connections = [Connection(FakeWire(answer)) for answer in answers]
        self.acquired = 0
        self._loss = loss or PluginUnavailable("p", "its process ended", in_call=True)

    def acquire(self, patience_s: float) -> Connection:
        self.acquired += 1
        if self.acquired > len(self.connections):
            raise PluginUnavailable("p", "is not asked again")
        return self.connections[self.acquired - 1].enter()

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        return self._loss


def by_call(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.call(rpc, *arguments)


def by_start(endpoint: RemoteEndpoint, rpc: Rpc[..., Any], *arguments: object) -> object:
    return endpoint.start(rpc, *arguments).result(60)


@pytest.mark.parametrize("ask", [by_call, by_start])
class TestRetry:
    def test_once_more_where_it_is_harmless(self, ask: Callable[..., Any]) -> None:
        link, traffic = FakeLink(None, ANSWER), Traffic("p")
        assert ask(RemoteEndpoint(link, traffic), GET_SEARCH_CAPABILITIES).supported_fields == ("title",)
        assert link.acquired == 2
        assert traffic.in_flight == 0
        assert (traffic.hooks["get_search_capabilities"].calls, traffic.hooks["get_search_capabilities"].failed) == (
            1,
            0,
        )
        assert all(connection.drained(0) for connection in link.connections)

    def test_not_a_second_time(self, ask: Callable[..., Any]) -> None:
        link, traffic = FakeLink(None, None, ANSWER), Traffic("p")
        with pytest.raises(PluginUnavailable, match="its process ended"):
            ask(RemoteEndpoint(link, traffic), GET_SEARCH_CAPABILITIES)
        assert link.acquired == 2
        assert traffic.in_flight == 0
        assert traffic.hooks["get_search_capabilities"].errors == {"PluginUnavailable": 1}
        assert all(connection.drained(0) for connection in link.connections)

    def test_never_where_it_may_do_something_twice(self, ask: Callable[..., Any]) -> None:
        link, traffic = FakeLink(None, ANSWER), Traffic("p")
        with pytest.raises(PluginUnavailable):
            ask(RemoteEndpoint(link, traffic), ON_SCAN_STARTED, 1, 1, "/music")
        assert link.acquired == 1
        assert traffic.in_flight == 0

    @pytest.mark.parametrize(
        "loss", [PluginClosed("p", "was stopped"), PluginUnavailable("p", "was never reached", in_call=False)]
    )
    def test_only_after_a_death_in_the_call(
        self, ask: Callable[..., Any], loss: PluginUnavailable | PluginClosed
    ) -> None:
        link, traffic = FakeLink(None, ANSWER, loss=loss), Traffic("p")
        with pytest.raises(PluginError):
            ask(RemoteEndpoint(link, traffic), GET_SEARCH_CAPABILITIES)
        assert link.acquired == 1
        assert traffic.in_flight == 0

    def test_what_it_died_of_is_told_where_it_cannot_be_started_again(self, ask: Callable[..., Any]) -> None:
        link, traffic = FakeLink(None), Traffic("p")
        with pytest.raises(PluginUnavailable, match="its process ended"):
            ask(RemoteEndpoint(link, traffic), GET_SEARCH_CAPABILITIES)
        assert traffic.in_flight == 0
        assert traffic.hooks["get_search_capabilities"].calls == 1


def test_a_channel_that_is_closed_before_the_call_is_sent_is_a_death_in_the_call() -> None:
    link, traffic = FakeLink(None, ANSWER), Traffic("p")
    link.connections[0] = Connection(FakeWire(None, closed=True))
    answer = by_start(RemoteEndpoint(link, traffic), GET_SEARCH_CAPABILITIES)
    assert answer.supported_fields == ("title",)  # type: ignore[attr-defined]
    assert traffic.in_flight == 0
    assert all(connection.drained(0) for connection in link.connections)
