"""Exceptions anywhere on the way of a call, and a system without threads: each call ends all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.adapters.fake_link import OpenLink
from tests.unit.adapters.ways import by_call, by_start
from viewra.adapters import Connection, LocalEndpoint, RemoteEndpoint, Traffic
from viewra.adapters import _futures as futures
from viewra.codec import search
from viewra.errors import PluginFault, PluginTimeout, PluginUnavailable
from viewra.testing import FakePlugin
from viewra.transport.calls import CallFailed, Ended, Failure, Streaming
from viewra.transport.deadlines import Deadlines


class BrokenWire:
    """A connection whose calls end in an exception that nothing expects, in each of the places where one can be."""

    def __init__(self, at: str) -> None:
        self._at = at

    def method(self, path: str) -> BrokenWire:
        self._or_raise("method")
        return self

    def streaming(self, path: str) -> Streaming:
        raise NotImplementedError

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        return self.result()

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Callable[[str], bytes | None]]:
        return self.result(), self.trailer

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        self._or_raise("start")
        done(self)

    def result(self) -> bytes:
        if self._at == "loss":
            raise CallFailed(Failure.LOST)
        if self._at == "trailer":
            raise CallFailed(Failure.REPORTED, "no", self.trailer)
        self._or_raise("result")
        return b""

    def trailer(self, name: str) -> bytes | None:
        self._or_raise("trailer")
        return None

    def _or_raise(self, at: str) -> None:
        if self._at == at:
            raise RecursionError("deep")


class BrokenLink(OpenLink):
    def __init__(self, at: str) -> None:
        self._at = at
        self.connection = Connection(BrokenWire(at))

    def acquire(self, patience_s: float) -> Connection:
        if self._at == "acquire":
            raise MemoryError
        return self.connection.enter()

    def loss(self, connection: Connection, call: str) -> PluginUnavailable:
        raise OSError("cannot look")


PLACES = ("acquire", "method", "result", "trailer", "loss")


@pytest.mark.parametrize(
    ("ask", "at"), [*((by_call, at) for at in PLACES), *((by_start, at) for at in (*PLACES, "start"))]
)
def test_an_exception_in_any_place_ends_the_call_and_gives_its_place_back(ask: Callable[..., Any], at: str) -> None:
    link, traffic = BrokenLink(at), Traffic("p")
    with pytest.raises(PluginFault):
        ask(RemoteEndpoint(link, traffic), search.GET_SEARCH_CAPABILITIES)
    assert (traffic.in_flight, link.connection.drained(0)) == (0, True)


def no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_calls_end_when_there_can_be_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    link = BrokenLink("loss")
    link.running = False  # so that the call has to wait on a thread
    endpoint = LocalEndpoint("p", FakePlugin(), database_url="", deadline_s=lambda _: 5.0)
    endpoint.running = True
    no_more_threads(monkeypatch)
    for pending in (
        RemoteEndpoint(link).start(search.GET_SEARCH_CAPABILITIES),
        endpoint.start(search.GET_SEARCH_CAPABILITIES),
        futures.in_thread("p", lambda: 1),
    ):
        assert isinstance(pending.exception(0), PluginFault)
    assert endpoint.traffic.in_flight == 0


def test_a_deadline_that_fails_takes_no_other_along() -> None:
    deadlines, over = Deadlines(), threading.Event()

    def fail() -> None:
        raise RuntimeError("no")

    deadlines.watch(0.0, fail)
    deadlines.watch(0.0, over.set)
    assert over.wait(60)


def test_a_wait_ends_even_if_nothing_settles_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(futures, "BACKSTOP_S", 0.01)
    pending: futures.Pending[None] = futures.Pending("p", "search", 0.01)
    with pytest.raises(PluginTimeout, match=r"plugin p, search: the host waited 0\.02 s"):
        pending.result()
    assert isinstance(pending.exception(), PluginTimeout)
    with pytest.raises(TimeoutError):  # a wait with an end of its own is its caller's
        pending.result(0.01)
