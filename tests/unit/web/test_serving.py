"""The server on a real socket: clients that send or read slowly, many of them, the orderly end, service managers."""

from __future__ import annotations

import os
import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from tests.unit.web.conftest import Listening
from viewra.cli.serve import _proxies
from viewra.errors import UsageError, ViewraError
from viewra.transport.mtls import new_identity
from viewra.web import bodies
from viewra.web.accounts.identity import Scope
from viewra.web.live.hub import Hub
from viewra.web.serving import connections, sockets
from viewra.web.serving.server import TLS, Server
from viewra.web.serving.service_manager import inherited, notify
from viewra.web.serving.sockets import address_of, is_loopback, listen

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF_BODY = b"POST /admin/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\npass"


def ask(connection: socket.socket, request: bytes = HEALTH, until: bytes = b"ok\n") -> bytes:
    connection.sendall(request)
    return read(connection, until)


def read(connection: socket.socket, until: bytes = b"ok\n") -> bytes:
    """Read until a text comes, or the end."""
    data = b""
    while until not in data and (chunk := connection.recv(65536)):
        data += chunk
    return data


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("part", [b"GET /healthz HTTP/1.1\r\nHos", HALF_BODY], ids=["head", "body"])
def test_half_requests_keep_nobody_out(listening: Listening, part: bytes) -> None:
    half = [listening.connect() for _ in range(300)]
    for connection in half:
        connection.sendall(part)
        with listening.connect() as whole:
            assert ask(whole).startswith(b"HTTP/1.1 200")
    assert listening.guard.open <= listening.guard.most
    assert is_closed(half[0])
    for connection in half:
        connection.close()
    eventually(lambda: listening.guard.open == 0)


def test_a_slow_head_has_an_end_and_so_has_the_next(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    with listening.connect() as silent, listening.connect() as second, listening.connect() as idle:
        assert ask(second).startswith(b"HTTP/1.1 200")
        assert ask(idle).startswith(b"HTTP/1.1 200")
        second.sendall(b"GET /healthz")  # a part of the next request
        assert is_closed(silent)
        assert is_closed(second)
        assert ask(idle).startswith(b"HTTP/1.1 200")  # between two requests there is more time


def test_a_slow_body_has_an_end(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.1)
    with listening.connect() as slow:
        assert ask(slow, HALF_BODY, b"</html>").startswith(b"HTTP/1.1 408")
        assert is_closed(slow)


def test_a_listener_that_does_not_read_is_cut(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewra.web.api.events.STALLED_S", 0.1)
    token = listening.site.accounts.tokens.create("t", Scope.READ).token
    with listening.connect() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        assert b"text/event-stream" in ask(slow, head.encode(), b"retry")
        eventually(lambda: listening.site.hub.listeners == 1)

        def is_cut() -> bool:
            listening.site.hub.publish("plugin", {"text": "x" * 100_000})
            return listening.site.hub.listeners == 0

        eventually(is_cut)


def test_what_has_arrived_is_answered_at_the_end(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return go.wait(20)

    monkeypatch.setattr(listening.site.accounts, "has_password", slow)
    token = listening.site.accounts.tokens.create("t", Scope.READ).token
    events = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with listening.connect() as asking, listening.connect() as hearing, listening.connect() as late:
        ask(hearing, events, b"retry")
        asking.sendall(HEALTH.replace(b"healthz", b"readyz"))
        assert begun.wait(60)
        stopping = threading.Thread(target=listening.stop)
        stopping.start()
        assert read(hearing, b"0\r\n\r\n").endswith(b"0\r\n\r\n")  # the stream ends as it should
        assert b"connection: close" in ask(late)  # a request on a connection that was there
        go.set()
        assert b"ready\n" in read(asking, b"ready\n")
        stopping.join(60)
    with pytest.raises(ConnectionRefusedError):
        listening.connect()


def test_what_is_never_answered_is_refused_at_the_end(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go = threading.Event(), threading.Event()
    listening.server.config.timeout_graceful_shutdown = 1

    def stuck() -> bool:
        begun.set()
        return go.wait(20)

    monkeypatch.setattr(listening.site.accounts, "has_password", stuck)
    with listening.connect() as asking:
        asking.sendall(HEALTH.replace(b"healthz", b"readyz"))
        assert begun.wait(60)
        stopping = threading.Thread(target=listening.stop)
        stopping.start()
        try:
            assert read(asking, b"in time").startswith(b"HTTP/1.1 503 ")
        finally:
            go.set()
            stopping.join(60)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_port_that_is_taken_is_named() -> None:
    (taken,) = listen("127.0.0.1", 0)
    with taken, pytest.raises(ViewraError, match=r"cannot listen on 127.0.0.1 port \d+") as caught:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "--port" in (caught.value.hint or "")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "300.1.1.1", "192.0.2.77", "a" * 300])
def test_an_address_that_is_none_of_this_machine(host: str) -> None:
    with pytest.raises(ViewraError):
        listen(host, 0)


def test_loopback_is_known_by_its_addresses() -> None:
    for host, local in (("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)):
        found = listen(host, 0)
        assert is_loopback(found) is local
        assert len({one.getsockname()[1] for one in found}) == 1
        assert address_of(found[0]).endswith(f":{found[0].getsockname()[1]}")
        for one in found:
            one.close()


def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")

    async def app(*_: object) -> None: ...

    for cert in ("cert.pem", "absent.pem"):
        with pytest.raises(UsageError, match=f"{cert} with its key"):
            Server(app, Hub(), tls=TLS(tmp_path / cert, tmp_path / "cert.pem"))
    assert issubclass(ssl.SSLError, OSError)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that says by which scheme it was asked, and by whom."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    said = f"{scope['scheme']} {scope['client'][0]} ok\n"
    await send({"type": "http.response.body", "body": said.encode()})


@contextmanager
def echoing(**how: Any) -> Iterator[socket.socket]:
    """A connection to a server of ``echo``."""
    ready = threading.Event()
    server = Server(echo, Hub(), on_ready=ready.set, **how)
    (one,) = given = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(given,))
    address = one.getsockname()
    thread.start()
    assert ready.wait(60)
    with socket.create_connection(address, 20) as connection:
        yield connection
    server.stop()
    thread.join(60)


def test_https_with_a_certificate(tmp_path: Path) -> None:
    identity = new_identity()
    (tmp_path / "cert.pem").write_bytes(identity.cert_pem)
    (tmp_path / "key.pem").write_bytes(identity.key_pem)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with echoing(tls=TLS(tmp_path / "cert.pem", tmp_path / "key.pem")) as plain, context.wrap_socket(plain) as secure:
        assert b"https 127.0.0.1 ok" in ask(secure)


@pytest.mark.parametrize(("proxies", "believed"), [(["127.0.0.0/8"], True), (["192.0.2.1"], False), ([], False)])
def test_only_a_named_proxy_is_believed(proxies: list[str], believed: bool) -> None:
    forwarded = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"
    with echoing(proxies=proxies) as connection:
        answer = ask(connection, HEALTH.removesuffix(b"\r\n") + forwarded)
    assert (b"https 203.0.113.9 ok" if believed else b"http 127.0.0.1 ok") in answer


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    notify("READY=1", {})


def test_sockets_of_the_service_manager_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    (given,) = listen("127.0.0.1", 0)
    monkeypatch.setattr("viewra.web.serving.service_manager._FIRST", given.detach())
    environment = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "viewra"}
    (one,) = inherited(environment)
    assert environment == {}
    assert not one.get_inheritable()
    one.close()
    assert inherited({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == []


def test_connections_leave_descriptors_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(soft: int) -> int:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
        return connections.room()

    infinity = resource.RLIM_INFINITY
    assert [limited(soft) for soft in (1024, 10**6, infinity, 64)] == [768, 4096, 4096, 16]
    assert sockets.BACKLOG >= 1024


def test_a_proxy_is_named_by_its_address() -> None:
    assert _proxies(("127.0.0.1, ::1", "10.0.0.0/24,")) == ["127.0.0.1", "::1", "10.0.0.0/24"]
    for wrong in ("*", "proxy.example", "10.0.0.0/33", "127.0.0.1;::1"):
        with pytest.raises(UsageError, match="--forwarded-allow-ips"):
            _proxies((wrong,))
