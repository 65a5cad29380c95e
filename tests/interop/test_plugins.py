"""viewra.transport and viewra.process start a plugin and use all of the wire.

The plugin is one made with HashiCorp's own library and, held to the same, one made of viewra.transport.
"""

from __future__ import annotations

import os
import queue
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import grpc
import pytest
from google.protobuf import wrappers_pb2

from viewra.errors import HandshakeError
from viewra.process import Child, LaunchPlan, RuntimeDir, Spawner, plugin_environment
from viewra.transport import mtls
from viewra.transport.broker import Broker
from viewra.transport.channel import wait_ready
from viewra.transport.control import shutdown
from viewra.transport.endpoint import PeerChannel, Place, dial
from viewra.transport.handshake import Handshake, HandshakeConfig, environment
from viewra.transport.hclog import LineGrouper, LogRecord
from viewra.transport.peer import require_listener
from viewra.transport.reflect import list_services
from viewra.transport.stdio import StdioFollower

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

CONFIG = HandshakeConfig("INTEROP_COOKIE", "interop", (1,))


PLUGIN = str(Path(__file__).with_name("python_plugin.py"))


@attrs.define
class Running:
    child: Child
    handshake: Handshake
    connection: PeerChannel
    trust: mtls.Trust | None
    socket_dir: Path
    lines: list[tuple[str, str]]

    def say(self, text: str, channel: grpc.Channel | None = None) -> str:
        call = (channel or self.connection.channel).unary_unary(
            "/interop.Echo/Say", wrappers_pb2.StringValue.SerializeToString, wrappers_pb2.StringValue.FromString
        )
        return call(wrappers_pb2.StringValue(value=text), timeout=30).value


Start = Callable[..., Running]


@pytest.fixture(params=["go", "python"])
def language(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def command(language: str, request: pytest.FixtureRequest) -> list[str]:
    """How the plugin is started; only Go's needs Go."""
    return [str(request.getfixturevalue("go_plugin"))] if language == "go" else [sys.executable, PLUGIN]


@pytest.fixture
def start(command: list[str]) -> Iterator[Start]:
    """Start the plugin and connect to it as a host does; everything is ended and reaped afterwards."""
    with ExitStack() as stack:
        runtime = stack.enter_context(RuntimeDir())
        spawner = Spawner()
        stack.callback(spawner.close)

        def start(
            *versions: str, tls: bool = False, network: str = "unix", config: HandshakeConfig = CONFIG
        ) -> Running:
            socket_dir = runtime.new_socket_dir()
            own = mtls.new_identity() if tls else None
            lines: list[tuple[str, str]] = []
            plan = LaunchPlan(
                (*command, *versions),
                plugin_environment(
                    environment(
                        config,
                        socket_dir=str(socket_dir),
                        network=network,
                        client_cert=own.cert_pem.decode("ascii") if own else "",
                    )
                ),
            )
            child = spawner.launch(plan, on_line=lambda stream, text: lines.append((stream, text)))
            stack.callback(child.kill)
            handshake = Handshake.parse(child.handshake_line(30))
            handshake.require_version(config)
            assert handshake.network == network
            if network == "unix":
                require_listener(handshake.address, child.pid)
            trusted = mtls.trust(own, handshake.cert) if own else None
            connection = dial(handshake, trust=trusted, socket_dir=socket_dir)
            stack.callback(connection.close)
            wait_ready(connection.channel, 30, socket=handshake.address if network == "unix" else None)
            return Running(child, handshake, connection, trusted, socket_dir, lines)

        yield start


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "autoMTLS"])
def test_calls(start: Start, language: str, tls: bool) -> None:
    plugin = start(tls=tls)
    assert bool(plugin.handshake.cert) == tls
    if plugin.trust:
        assert plugin.trust.needs_bridge == (language == "go")
    assert plugin.say("hello") == f"{language}: hello"
    assert len(plugin.say("x" * 3_000_000)) > 3_000_000


@pytest.mark.parametrize("language", ["go"], indirect=True)
def test_services(start: Start) -> None:
    services = list_services(start().connection.channel, 30)
    assert services is not None
    assert {"interop.Echo", "plugin.GRPCBroker", "plugin.GRPCController", "plugin.GRPCStdio"} <= services


@pytest.mark.parametrize("language", ["python"], indirect=True)
def test_a_port_instead_of_a_socket(start: Start) -> None:
    plugin = start(tls=True, network="tcp")
    host, _, port = plugin.handshake.address.rpartition(":")
    assert (host, 10_000 <= int(port) <= 25_000) == ("127.0.0.1", True)
    assert plugin.say("hello") == "python: hello"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "autoMTLS"])
def test_the_broker_in_both_directions(start: Start, tls: bool) -> None:
    plugin = start(tls=tls)
    broker = Broker(Place(plugin.socket_dir), trust=plugin.trust, peer_pid=plugin.child.pid)
    broker.attach(plugin.connection.channel)
    try:
        connection = broker.dial(int(plugin.say("accept")), 30)
        assert plugin.say("from the host", connection.channel) == "FROM THE HOST"
        connection.close()
        number = broker.next_id()

        def serve(server: grpc.Server) -> None:
            handler = grpc.unary_unary_rpc_method_handler(
                lambda request, context: wrappers_pb2.StringValue(value=request.value.title()),
                wrappers_pb2.StringValue.FromString,
                wrappers_pb2.StringValue.SerializeToString,
            )
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("interop.Echo", {"Say": handler})])

        broker.serve(number, serve)
        assert plugin.say(f"dial {number}") == "From The Plugin"
    finally:
        broker.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "autoMTLS"])
def test_what_it_prints_and_how_it_ends(start: Start, tls: bool) -> None:
    plugin = start(tls=tls)
    printed: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    follower = StdioFollower(plugin.connection.channel, lambda stream, data: printed.put((stream, data)))
    assert plugin.say("print something") == "printed"
    heard = sorted(printed.get(timeout=60) for _ in range(2))
    assert heard == [("stderr", b"stderr something\n"), ("stdout", b"stdout something\n")]
    assert plugin.say("log take care") == "logged"
    assert plugin.child.stop(lambda: shutdown(plugin.connection.channel, 5), grace_s=30) == "graceful"
    assert plugin.child.describe_exit() == "exit status 0"
    follower.close()
    grouper = LineGrouper()
    records = [record for stream, text in plugin.lines if stream == "stderr" for record in grouper.feed(text)]
    logged = next(record for record in records if record.message == "take care")
    assert (logged.level, logged.module, logged.fields["number"]) == ("warn", "interop", 42)
    assert logged.timestamp is not None
    assert list(plugin.socket_dir.glob("plugin*")) == []


@pytest.mark.parametrize("language", ["go"], indirect=True)
def test_a_panic_is_one_record(start: Start) -> None:
    plugin = start()
    with pytest.raises(grpc.RpcError):
        plugin.say("panic all is lost")
    assert plugin.child.wait(60) == 2
    grouper = LineGrouper()
    records: list[LogRecord] = [record for _, text in plugin.lines for record in grouper.feed(text)] + grouper.flush()
    panics = [record for record in records if record.level == "error"]
    assert [record.message for record in panics] == ["panic: all is lost"]
    assert "goroutine" in panics[0].fields["traceback"]


@pytest.mark.parametrize(("host", "plugin", "agreed"), [((1, 2, 3), ("1", "2"), 2), ((2,), ("3", "2", "1"), 2)])
def test_the_version_is_agreed(start: Start, host: tuple[int, ...], plugin: tuple[str, ...], agreed: int) -> None:
    assert start(*plugin, config=attrs.evolve(CONFIG, versions=host)).handshake.app_version == agreed


def test_no_common_version(start: Start) -> None:
    with pytest.raises(HandshakeError, match="speaks protocol version 2, this host speaks 1"):
        start("3", "2")


def test_a_wrong_cookie(start: Start) -> None:
    with pytest.raises(HandshakeError, match="exit status 1 before it printed a handshake line") as caught:
        start(config=attrs.evolve(CONFIG, cookie_value="other"))
    assert "is a plugin" in caught.value.output[0]


def test_a_stranger_is_refused_and_nothing_falls_back_to_plaintext(start: Start, language: str) -> None:
    plugin = start(tls=True)
    assert plugin.trust is not None
    plain = dial(plugin.handshake)
    stranger = dial(
        plugin.handshake, trust=mtls.trust(mtls.new_identity(), plugin.handshake.cert), socket_dir=plugin.socket_dir
    )
    expected = mtls.trust(plugin.trust.own, mtls.new_identity().cert)
    other = dial(plugin.handshake, trust=expected, socket_dir=plugin.socket_dir)
    for connection in (plain, stranger, other):
        with pytest.raises(HandshakeError) as caught:
            wait_ready(connection.channel, 20)
        assert caught.value.step in {"connect", "health"}
        connection.close()
    assert plugin.say("still here") == f"{language}: still here"


def test_a_plugin_dies_with_its_host(command: list[str]) -> None:
    code = f"""
import os, sys
from viewra.process import LaunchPlan, RuntimeDir, Spawner, plugin_environment
from viewra.transport.handshake import HandshakeConfig, environment
runtime = RuntimeDir()
env = environment(HandshakeConfig("INTEROP_COOKIE", "interop", (1,)), socket_dir=str(runtime.new_socket_dir()))
child = Spawner().launch(LaunchPlan(tuple({command!r}), plugin_environment(env)), on_line=lambda stream, text: None)
child.handshake_line(30)
pidfd = os.pidfd_open(child.pid)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 30)[0]
    finally:
        os.close(descriptor)
