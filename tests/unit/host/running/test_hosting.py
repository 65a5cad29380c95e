"""When a process gets the stream for host services, and that it ends with the run."""

from __future__ import annotations

from typing import Any, cast

import pytest

from viewra.adapters import Connection
from viewra.bridge import HostedPlugin, Rights
from viewra.codec.host.attach import ATTACH, ON_REQUEST
from viewra.codec.limits import Limits
from viewra.host.running.hosting import Hosting
from viewra.process import Output
from viewra.transport.calls import CallFailed, Failure
from viewra.transport.handshake import REQUEST

BRIDGE = ATTACH.wire_service
HANDSHAKE, ASKS = b"1|1|unix|/s|grpc\n", f"\n{REQUEST}\n".encode()


class FakeHosted:
    """The host services of a plugin: counts the streams that are open."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.fails = False

    def attach(self, _streaming: object, _rights: object, *, limits: object) -> FakeHosted:
        del limits
        if self.fails:
            raise CallFailed(Failure.LOST, "the channel is closed")
        self.opened += 1
        return self

    def close(self) -> None:
        self.closed += 1


class Process:
    """A process that lists these services, and its output."""

    def __init__(self, *services: str) -> None:
        self.hosted = FakeHosted()
        self.lines: list[str] = []
        self.output = Output(lambda _stream, text: self.lines.append(text))
        self.output.feed("stdout", HANDSHAKE)
        self.hosting = Hosting("p", cast("HostedPlugin", self.hosted), Rights(lambda _: True), Limits())
        self.services = services

    def attach(self) -> None:
        connection: Any = type("FakeConnection", (), {"streaming": None})()
        self.hosting.attach(cast("Connection", connection), self.services, self.output)


def test_a_process_that_will_ask_gets_the_stream_when_it_asks_and_only_one() -> None:
    process = Process(BRIDGE, ON_REQUEST)
    process.attach()
    assert process.hosted.opened == 0
    process.output.feed("stdout", b"hello" + ASKS + ASKS + b"bye\n")
    process.output.feed("stdout", ASKS)
    assert process.hosted.opened == 1
    assert [line for line in process.lines if line] == ["hello", "bye"]
    process.hosting.close()
    process.hosting.close()
    assert process.hosted.closed >= 1


def test_a_process_may_have_asked_before_the_host_knew_its_services() -> None:
    process = Process(BRIDGE, ON_REQUEST)
    process.output.feed("stdout", ASKS)
    assert process.hosted.opened == 0
    process.attach()
    assert process.hosted.opened == 1


@pytest.mark.parametrize(("services", "opened"), [((BRIDGE,), 1), ((), 0), ((ON_REQUEST,), 0)])
def test_any_other_process_gets_the_stream_at_its_start_if_it_serves_it(services: tuple[str, ...], opened: int) -> None:
    process = Process(*services)
    process.attach()
    assert process.hosted.opened == opened
    process.output.feed("stdout", ASKS)
    assert process.hosted.opened == opened


def test_a_run_that_has_ended_gets_no_stream() -> None:
    process = Process(BRIDGE, ON_REQUEST)
    process.attach()
    process.hosting.close()
    process.output.feed("stdout", ASKS)
    assert process.hosted.opened == 0


def test_a_request_that_cannot_be_served_is_logged_and_output_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    process = Process(BRIDGE, ON_REQUEST)
    process.attach()
    process.hosted.fails = True
    process.output.feed("stdout", ASKS + b"more\n")
    assert "plugin p: its stream of host services cannot be opened: the channel is closed" in caplog.text
    assert process.lines[-1] == "more"


def test_a_request_is_seen_in_a_flood_and_none_is_one_on_stderr_or_before_the_handshake() -> None:
    requests: list[int] = []
    output = Output(lambda _stream, _text: None, lines_per_second=1)
    output.when_requested(lambda: requests.append(1))
    output.feed("stdout", ASKS)
    output.feed("stdout", HANDSHAKE)
    output.feed("stderr", ASKS)
    assert requests == []
    output.feed("stdout", b"x\n" * 100 + ASKS)
    assert requests == [1]
