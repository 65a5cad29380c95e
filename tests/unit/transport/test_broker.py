"""The broker: both ends in one process, on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.unit.transport.conftest import Serve
from viewra.errors import HandshakeError
from viewra.pb.grpc_broker_pb2 import ConnInfo
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Place
from viewra.transport.mtls import Trust, new_identity, trust


def echo(server: grpc.Server) -> None:
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("t", {"Echo": handler})])


def ask(broker: Broker, number: int) -> bytes:
    connection = broker.dial(number, 30)
    try:
        echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = connection.channel.unary_unary("/t/Echo")
        return echo(b"hello", timeout=30)
    finally:
        connection.close()


@pytest.fixture(params=["plain", "tls"])
def ends(
    request: pytest.FixtureRequest, serve: Serve, connect: Callable[..., grpc.Channel], tmp_path: Path
) -> Iterator[tuple[Broker, Broker]]:
    """A host's broker and its plugin's, connected."""
    trusts: list[Trust | None] = [None, None]
    if request.param == "tls":
        host_id, plugin_id = new_identity(), new_identity()
        trusts = [trust(host_id, plugin_id.cert), trust(plugin_id, host_id.cert)]
    host, plugin = (Broker(Place(tmp_path), trust=one) for one in trusts)
    host.attach(connect(serve(plugin.add_to)))
    yield host, plugin
    host.close()
    plugin.close()


def test_both_ends_serve_and_dial(ends: tuple[Broker, Broker]) -> None:
    for server, client in (ends, reversed(ends)):
        numbers = [server.next_id() for _ in range(3)]
        assert len(set(numbers)) == 3
        for number in numbers:
            server.serve(number, echo)
        assert [ask(client, number) for number in numbers] == [b"hello"] * 3


def test_dialling_waits_for_the_announcement(ends: tuple[Broker, Broker]) -> None:
    host, plugin = ends
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(ask(host, 7)))
    thread.start()
    plugin.serve(7, echo)
    thread.join(60)
    assert got == [b"hello"]


def test_nothing_announced(ends: tuple[Broker, Broker]) -> None:
    with pytest.raises(HandshakeError, match=r"no server with id 9 within 0.05 s") as caught:
        ends[0].dial(9, 0.05)
    assert caught.value.step == "connect"


def test_what_is_closed_is_gone_from_the_disk(ends: tuple[Broker, Broker], tmp_path: Path) -> None:
    host, _ = ends
    before = set(tmp_path.iterdir())
    served = host.serve(1, echo)
    assert set(tmp_path.iterdir()) != before
    served.close()
    served.close()
    assert set(tmp_path.iterdir()) == before
    host.serve(2, echo)
    host.close()
    host.close()
    assert set(tmp_path.iterdir()) == before


def test_a_closed_broker_says_so(ends: tuple[Broker, Broker]) -> None:
    host, plugin = ends
    plugin.serve(5, echo)
    assert ask(host, 5) == b"hello"  # the stream is open
    host.close()
    for use in (lambda: host.dial(1), lambda: host.serve(1, echo), lambda: plugin.dial(1, 30)):
        with pytest.raises(HandshakeError, match=r"closed|broke"):
            use()


def test_a_plugin_without_a_broker(serve: Serve, connect: Callable[..., grpc.Channel], tmp_path: Path) -> None:
    host = Broker(Place(tmp_path))
    host.attach(connect(serve()))
    with pytest.raises(HandshakeError, match="no broker"):
        host.dial(1, 30)
    host.close()


def test_a_knock_is_passed_over_and_a_flood_bounded(tmp_path: Path) -> None:
    broker = Broker(Place(tmp_path))
    infos = [ConnInfo(service_id=1, knock=ConnInfo.Knock(knock=True))]
    infos += [ConnInfo(service_id=number, network="unix", address="/x") for number in range(2, 2000)]
    left = iter(infos)
    broker._receive(left)
    assert len(broker._pending) == 255
    assert 1 not in broker._pending
    assert next(left).service_id == 258, "nothing more is read of a peer that announces without end"
    with pytest.raises(HandshakeError, match="more than 256 servers that were not dialled"):
        broker.dial(3000, 0)
    broker.close()


@pytest.mark.parametrize(
    ("network", "address", "says"),
    [
        ("unix", "SOCKET", "belongs to another process"),
        ("tcp", "127.0.0.1:80", "nothing proves"),
        ("unix", "/no", "No such"),
    ],
)
def test_a_host_dials_only_what_its_plugin_listens_on(tmp_path: Path, network: str, address: str, says: str) -> None:
    with socket.socket(socket.AF_UNIX) as others:
        others.bind(str(tmp_path / "s"))
        others.listen()
        broker = Broker(Place(tmp_path), peer_pid=999_999_999)
        address = address.replace("SOCKET", str(tmp_path / "s"))
        broker._note(ConnInfo(service_id=1, network=network, address=address))
        with pytest.raises(HandshakeError, match=says):
            broker.dial(1)
        broker.close()


def test_a_host_dials_a_port_only_when_a_certificate_proves_it(tmp_path: Path) -> None:
    trusted = trust(new_identity(), new_identity().cert)
    broker = Broker(Place(tmp_path), peer_pid=1, trust=trusted)
    for address, says in (("127.0.0.1:1", None), ("10.0.0.1:1", "nothing proves")):
        broker._note(ConnInfo(service_id=1, network="tcp", address=address))
        if says is None:
            broker.dial(1).close()
        else:
            with pytest.raises(HandshakeError, match=says):
                broker.dial(1)
    broker.close()
