"""To what a host connects: the plugin's own process, at a socket or encrypted; and that each call reaches gRPC."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.errors import HandshakeError
from viewra.host.running import peer
from viewra.host.running.peer import GrpcPeer, dial_grpc
from viewra.host.running.reattach import Reattach
from viewra.transport import broker, mtls
from viewra.transport.endpoint import Place
from viewra.transport.handshake import Handshake
from viewra.transport.mtls import Identity
from viewra.transport.multiplexed import MultiplexedWire

Did = list[tuple[object, ...]]


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> Did:
    """What is done to connect, in order."""
    done: Did = []

    def noted(name: str) -> Callable[..., object]:
        def note(*given: object, **named: object) -> object:
            done.append((name, *given, *named.values()))
            return SimpleNamespace(wire="wire", channel="channel") if name == "dial" else name

        return note

    for name in ("require_socket", "require_listener", "dial", "MultiplexedWire", "ask_services", "check_health"):
        monkeypatch.setattr(peer, name, noted(name))
    for name in ("shutdown", "StdioFollower"):
        monkeypatch.setattr(peer, name, noted(name))
    monkeypatch.setattr(mtls, "trust", noted("trust"))
    return done


def connect(where: Handshake | Reattach, identity: object = None) -> GrpcPeer:
    made = dial_grpc(
        where, 7, identity=cast(Identity, identity), socket_dir=Path("/s"), message_bytes=99, timeout_s=3.0
    )
    assert isinstance(made, GrpcPeer)
    return made


def test_a_socket_must_be_the_processes_own(did: Did) -> None:
    where = Reattach(7, "unix", "/s/sock")
    made = connect(where)
    assert did == [
        ("require_socket", "/s/sock"),
        ("require_listener", "/s/sock", 7, 3.0),
        ("dial", where, None, Path("/s"), 99),
        ("MultiplexedWire", "wire"),
    ]
    assert made.trust is None


def test_no_port_is_connected_to_without_encryption(did: Did) -> None:
    with pytest.raises(HandshakeError, match="a TCP port without encryption") as refused:
        connect(Reattach(7, "tcp", "127.0.0.1:7000"))
    assert (refused.value.step, refused.value.hint, did) == ("connect", "run viewra with --auto-mtls", [])


@pytest.mark.parametrize(
    ("where", "cert"),
    [(Handshake(1, "tcp", "127.0.0.1:7000", cert=b"its own"), b"its own"), (Reattach(7, "tcp", "x"), b"")],
)
def test_with_an_identity_the_process_proves_its_certificate(did: Did, where: Any, cert: bytes) -> None:
    made = connect(where, "identity")
    assert did[:2] == [("trust", "identity", cert), ("dial", where, "trust", Path("/s"), 99)]
    assert cast(object, made.trust) == "trust"


def test_each_call_reaches_the_channel(did: Did, monkeypatch: pytest.MonkeyPatch) -> None:
    def note(name: str) -> Callable[..., None]:
        return lambda *given: did.append((name, *given))

    class FakeBroker:
        def __init__(self, place: object, *, trust: object) -> None:
            did.append(("broker", place, trust))
            self.attach = note("attach")

    monkeypatch.setattr(broker, "Broker", FakeBroker)
    channel = SimpleNamespace(channel="channel", wire="wire", wait_ready=note("ready"), close=note("close"))
    wire = cast(MultiplexedWire, SimpleNamespace(multiplex=note("multiplex")))
    made, place = GrpcPeer(cast(Any, channel), wire, cast(Any, "trust")), cast(Place, "place")
    made.multiplex("p", 100)
    made.wait_ready(1.0)
    made.check(2.0, bool)
    made.shut_down(3.0)
    assert cast(object, made.ask_services(4.0)) == "ask_services"
    assert cast(object, made.follow(cast(Any, bool))) == "StdioFollower"
    assert isinstance(made.broker(place), FakeBroker)
    made.close()
    assert did == [
        ("multiplex", "p", 100),
        ("ready", 1.0),
        ("check_health", "channel", 2.0, bool),
        ("shutdown", "channel", 3.0),
        ("ask_services", "channel", 4.0),
        ("StdioFollower", "channel", bool),
        ("broker", "place", "trust"),
        ("attach", "channel"),
        ("close",),
    ]
