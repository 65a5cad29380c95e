"""When a process gets the stream for host services, and that it ends with the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from viewra.adapters import Connection
from viewra.bridge import HostedPlugin, Rights
from viewra.codec.host.attach import ATTACH, ON_REQUEST
from viewra.codec.limits import Limits
from viewra.host.running import dialled
from viewra.host.running.dialled import Dialled
from viewra.host.running.hosting import Hosting
from viewra.process import Output
from viewra.transport.broker import Broker
from viewra.transport.calls import CallFailed, Failure
from viewra.transport.endpoint import Place
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

    def single_calls(self, _rights: object, *, limits: object) -> FakeHosted:
        del limits
        self.opened += 1
        return self

    methods: Mapping[str, object] = {"/service/Call": bool}

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


class Server:
    """A server that listens nowhere."""

    address, broker_id = "unix:/scratch/host", 7
    fails = False

    def __init__(self, place: Place, methods: object, **named: Any) -> None:
        if self.fails:
            raise OSError("no descriptors are left")
        self.place, self.methods, self.broker, self.name = place, methods, named["broker"], named["name"]
        self.announced = self.closed = 0

    def announce(self) -> None:
        self.announced += 1

    def close(self) -> None:
        self.closed += 1


class FakeBroker:
    """The host's end of go-plugin's broker."""

    def __init__(self, place: Place) -> None:
        self.place, self.closed = place, 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> list[FakeBroker]:
    """Those that were made, for servers that listen nowhere."""
    monkeypatch.setattr(dialled, "UnaryServer", Server)
    return []


def serve(process: Process, brokers: list[FakeBroker], scratch: Path | None, services: Any) -> Dialled | None:
    def broker(place: Place) -> Broker:
        brokers.append(FakeBroker(place))
        return cast("Broker", brokers[-1])

    return process.hosting.serve_dialled(broker, scratch, services)


@pytest.mark.parametrize(
    ("services", "has_broker"), [(None, True), (("plugin.GRPCBroker",), True), (("plugin.SearchService",), False)]
)
def test_a_process_without_the_stream_gets_a_server_in_its_folder(
    tmp_path: Path, brokers: list[FakeBroker], services: tuple[str, ...] | None, has_broker: bool
) -> None:
    process = Process()
    made = serve(process, brokers, tmp_path, services)
    assert made is not None
    server = cast("Any", made)._server
    assert (made.address, made.broker_id) == (Server.address, Server.broker_id)
    assert (server.place, server.methods, server.name) == (Place(tmp_path), FakeHosted.methods, "host-p")
    assert server.broker is (brokers[0] if brokers else None)
    assert len(brokers) == has_broker
    made.announce()
    assert server.announced == 1
    process.hosting.close()
    assert [one.closed for one in (*brokers, server, process.hosted)] == [1] * (2 + has_broker)


@pytest.mark.parametrize("why", ["it serves the stream", "no host services", "no folder"])
def test_any_other_process_gets_no_server(tmp_path: Path, brokers: list[FakeBroker], why: str) -> None:
    process = Process()
    if why == "no host services":
        process.hosting = Hosting("p", None, Rights(lambda _: True), Limits())
    services = (BRIDGE, "plugin.GRPCBroker") if why == "it serves the stream" else ("plugin.GRPCBroker",)
    assert serve(process, brokers, None if why == "no folder" else tmp_path, services) is None
    assert (brokers, process.hosted.opened) == ([], 0)


def test_a_server_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, brokers: list[FakeBroker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "fails", True)
    process = Process()
    with pytest.raises(OSError, match="no descriptors"):
        serve(process, brokers, tmp_path, None)
    assert (process.hosted.closed, brokers[0].closed) == (1, 1)
    process.hosting.close()


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
