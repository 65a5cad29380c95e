"""The host's own calls of a process: every failure is a PluginError, raised or in the future."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import attrs
import pytest

from viewra.adapters import OwnCalls
from viewra.codec import lifecycle
from viewra.codec.limits import Limits
from viewra.errors import NotOffered, PluginClosed, PluginError, PluginFault, PluginTimeout
from viewra.pb import plugin_pb2 as pb
from viewra.transport.calls import CallFailed, Ended, Failure, Method, Streaming, Trailer
from viewra.types import Health

Answer = bytes | Exception


@attrs.frozen
class Process:
    """The process that is called."""

    plugin_id: str = "p"
    limits: Limits = attrs.field(factory=Limits)
    database_url: str = "sqlite:///x"

    def serves(self, wire_service: str) -> bool:
        return wire_service == "plugin.PluginService"

    def deadline_s(self, method: str) -> float:
        return {"health": 5.0}.get(method, 1.0)

    def loss(self, call: str) -> PluginClosed:
        return PluginClosed("p", "was stopped", call=call)


@attrs.frozen
class Wire:
    """A connection on which each call ends with ``answer``."""

    answer: Answer
    asked: list[tuple[str, bytes, float]] = attrs.field(factory=list)
    refuses: bool = False

    def method(self, path: str) -> Method:
        if self.refuses:
            raise CallFailed(Failure.LOST, "the channel is closed")
        return FakeMethod(self, path)

    def streaming(self, path: str) -> Streaming:
        raise NotImplementedError


@attrs.frozen
class FakeMethod:
    """One procedure of it."""

    wire: Wire
    path: str

    def result(self) -> bytes:
        if isinstance(self.wire.answer, Exception):
            raise self.wire.answer
        return self.wire.answer

    def trailer(self, name: str) -> bytes | None:
        return None

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        return self.with_trailer(request, timeout_s)[0]

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Trailer]:
        self.wire.asked.append((self.path, request, timeout_s))
        return self.result(), self.trailer

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        self.wire.asked.append((self.path, request, timeout_s))
        done(self)


def by_call(wire: Wire, rpc: Any, *arguments: object) -> Any:
    return OwnCalls(Process(), wire).call(rpc, *arguments)


def by_start(wire: Wire, rpc: Any, *arguments: object) -> Any:
    future: Future[Any] = OwnCalls(Process(), wire).start(rpc, *arguments)
    return future.result(1)


WAYS = pytest.mark.parametrize("ask", [by_call, by_start])


@WAYS
def test_a_call_has_its_own_deadline_and_gives_the_value(ask: Callable[..., Any]) -> None:
    wire = Wire(pb.HealthResponse(healthy=False, error="ill").SerializeToString())
    assert ask(wire, lifecycle.HEALTH) == Health(False, "ill")
    assert wire.asked == [("/plugin.PluginService/Health", b"", 5.0)]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (CallFailed(Failure.MISSING), NotOffered, "not offered"),
        (CallFailed(Failure.LATE), PluginTimeout, "did not answer within 5 s"),
        (CallFailed(Failure.LOST), PluginClosed, "was stopped"),
        (CallFailed(Failure.TOO_LARGE, "9 MB"), PluginFault, "sent too much: 9 MB"),
        (CallFailed(Failure.REPORTED, "no such thing"), PluginFault, "no such thing"),
        (b"\xff", PluginFault, "not valid"),
        (KeyError("a bug"), PluginFault, "the host failed to call it: KeyError: 'a bug'"),
    ],
)
@WAYS
def test_each_failure_is_a_plugin_error(
    ask: Callable[..., Any], answer: Answer, error: type[PluginError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        ask(Wire(answer), lifecycle.HEALTH)
    assert (caught.value.plugin_id, caught.value.call) == ("p", "health")


@WAYS
def test_a_plugins_refusal_is_its_fault(ask: Callable[..., Any]) -> None:
    with pytest.raises(PluginFault, match="no room"):
        ask(Wire(pb.StartResponse(success=False, error="no room").SerializeToString()), lifecycle.START)


@WAYS
def test_a_closed_connection_is_a_loss(ask: Callable[..., Any]) -> None:
    wire = Wire(b"", refuses=True)
    with pytest.raises(PluginClosed):
        ask(wire, lifecycle.HEALTH)
    assert wire.asked == []


@WAYS
def test_arguments_that_cannot_be_sent_are_told_before_anything_is(ask: Callable[..., Any]) -> None:
    wire = Wire(b"")
    with pytest.raises(PluginFault, match="cannot be asked"):
        ask(wire, lifecycle.RENEW, -1)
    assert wire.asked == []


def test_what_it_knows_of_the_process() -> None:
    calls = OwnCalls(Process(), Wire(b""))
    assert (calls.plugin_id, calls.database_url) == ("p", "sqlite:///x")
    assert (calls.serves(lifecycle.HEALTH), calls.serves(lifecycle.QUIESCE)) == (True, False)
