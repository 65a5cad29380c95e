"""The channel to a plugin: connecting, waiting until it is ready, and what each failure is called."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.unit.transport.conftest import Serve
from viewra.errors import HandshakeError
from viewra.transport.channel import check_health, require_socket, target, wait_ready
from viewra.transport.handshake import Handshake

SERVING = health_pb2.HealthCheckResponse.SERVING


def healthy(servicer: object) -> Callable[[grpc.Server], None]:
    return lambda server: health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def test_a_serving_plugin_is_ready(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    servicer = health.HealthServicer()
    servicer.set("plugin", SERVING)
    handshake = serve(healthy(servicer))
    wait_ready(connect(handshake), 30, socket=handshake.address)


class Later(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpc_health has no types
    """Serving from the third question on."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def Check(  # noqa: N802
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        self.asked.append(request.service)
        return health_pb2.HealthCheckResponse(
            status=SERVING if len(self.asked) == 3 else health_pb2.HealthCheckResponse.NOT_SERVING
        )


def test_a_plugin_that_is_not_ready_yet_is_asked_again(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    later = Later()
    wait_ready(connect(serve(healthy(later))), 30)
    assert later.asked == ["plugin"] * 3


def test_a_plugin_that_never_serves(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    servicer = health.HealthServicer()
    servicer.set("plugin", health_pb2.HealthCheckResponse.NOT_SERVING)
    with pytest.raises(HandshakeError, match=r"within 0.2 s \(last answer: NOT_SERVING") as caught:
        wait_ready(connect(serve(healthy(servicer))), 0.2)
    assert caught.value.step == "health"


class Odd(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpc_health has no types
    """Answers with a status that there is not."""

    def Check(  # noqa: N802
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        return health_pb2.HealthCheckResponse(status=99)


def test_a_health_that_there_is_not(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    channel = connect(serve(healthy(Odd())))
    with pytest.raises(HandshakeError, match=r"last answer: status 99"):
        wait_ready(channel, 0.2)
    told: list[str] = []
    over = threading.Event()

    def done(problem: str) -> None:
        told.append(problem)
        over.set()

    check_health(channel, 20, done)
    assert over.wait(20), "the callback has to be told, whatever comes"
    assert told == ["it reports status 99"]


def test_a_health_that_is_refused_at_length(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    class Wordy(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpc_health has no types
        def Check(self, request: object, context: grpc.ServicerContext) -> None:  # noqa: N802
            context.abort(grpc.StatusCode.INTERNAL, "x" * 6000)

    with pytest.raises(HandshakeError, match="INTERNAL: xxx") as caught:
        wait_ready(connect(serve(healthy(Wordy()))), 20)
    assert len(str(caught.value)) < 1000


def test_a_path_with_a_nul_is_no_socket() -> None:
    with pytest.raises(HandshakeError, match=r"the socket '/tmp/a.x00b' that it announced"):
        require_socket("/tmp/a\0b")


def test_a_plugin_that_accepts_and_says_nothing(tmp_path: Path, connect: Callable[..., grpc.Channel]) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(HandshakeError, match="last answer: nothing") as caught:
            wait_ready(connect(Handshake(1, "unix", str(tmp_path / "s"))), 0.2)
    assert caught.value.step == "health"


def test_a_plugin_that_hangs_up(tmp_path: Path, connect: Callable[..., grpc.Channel]) -> None:
    with socket.socket(socket.AF_UNIX) as rude:
        rude.bind(str(tmp_path / "s"))
        rude.listen()
        thread = threading.Thread(target=lambda: rude.accept()[0].close())
        thread.start()
        with pytest.raises(HandshakeError, match=r"no connection to it \(UNAVAILABLE") as caught:
            wait_ready(connect(Handshake(1, "unix", str(tmp_path / "s"))), 30)
        thread.join(60)
    assert caught.value.step == "connect"


@pytest.mark.parametrize("kind", ["missing", "file", "nobody listens"])
def test_nobody_there(tmp_path: Path, connect: Callable[..., grpc.Channel], kind: str) -> None:
    path = tmp_path / "s"
    says = {"missing": "No such file", "file": "not a socket", "nobody listens": "no connection"}[kind]
    if kind == "file":
        path.touch()
    elif kind == "nobody listens":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    with pytest.raises(HandshakeError, match=says) as caught:
        wait_ready(connect(Handshake(1, "unix", str(path))), 30, socket=str(path))
    assert caught.value.step == "connect"


def test_a_plugin_without_health(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    for handshake in (serve(), serve(healthy(health.HealthServicer()))):
        with pytest.raises(HandshakeError, match="does not report the health of 'plugin'") as caught:
            wait_ready(connect(handshake), 30)
        assert caught.value.step == "health"
        assert "grpc.health.v1.Health" in str(caught.value.hint)


def test_a_channel_closed_meanwhile(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    channel = connect(serve())
    channel.close()
    with pytest.raises(HandshakeError, match="closed") as caught:
        wait_ready(channel, 30)
    assert caught.value.step == "connect"


def test_messages_are_bounded_in_both_directions(serve: Serve, connect: Callable[..., grpc.Channel]) -> None:
    def echo(server: grpc.Server) -> None:
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            lambda request, context: request * 2
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("t", {"Echo": handler})])

    channel = connect(serve(echo), max_message_bytes=1000)
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/t/Echo")
    assert len(call(b"x" * 500)) == 1000
    for size in (501, 1001):
        with pytest.raises(grpc.RpcError) as caught:
            call(b"x" * size)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_each_channel_has_a_connection_of_its_own(tmp_path: Path, connect: Callable[..., grpc.Channel]) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        server.settimeout(10)
        channels = [connect(Handshake(1, "unix", str(tmp_path / "s"))) for _ in range(2)]
        # Calls have them connect; gRPC's own watch of a channel may fail, on a thread of its own, when that is closed.
        anys: list[grpc.UnaryUnaryMultiCallable[bytes, bytes]] = [channel.unary_unary("/t/Any") for channel in channels]
        calls = [one.future(b"", timeout=30) for one in anys]
        accepted = [server.accept()[0] for _ in range(2)]
        for call, connection in zip(calls, accepted, strict=True):
            call.cancel()
            connection.close()


def test_targets() -> None:
    assert target(Handshake(1, "unix", "/run/x/s")) == "unix:/run/x/s"
    assert target(Handshake(1, "tcp", "127.0.0.1:1234")) == "dns:///127.0.0.1:1234"
