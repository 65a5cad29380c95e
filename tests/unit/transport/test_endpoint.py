"""Where servers listen: sockets and their rights, ports of a range, and who listens there."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from viewra.errors import HandshakeError
from viewra.transport.channel import options
from viewra.transport.endpoint import Place, listen
from viewra.transport.handshake import HandshakeConfig, environment
from viewra.transport.peer import is_own, peer_of, require_listener

CONFIG = HandshakeConfig("C", "v", (1,))


@pytest.fixture
def server() -> Iterator[grpc.Server]:
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, options=options())
        yield server
        server.stop(None).wait(30)


def test_a_place_comes_from_what_the_host_said(tmp_path: Path) -> None:
    said = environment(CONFIG, socket_dir=str(tmp_path), socket_group="7", network="tcp", min_port=1, max_port=2)
    assert Place.from_environ(said) == Place(tmp_path, "tcp", "7", (1, 2))
    assert Place.from_environ(environment(CONFIG, socket_dir=str(tmp_path))) == Place(tmp_path)
    assert Place.from_environ({"TMPDIR": "/x"}) == Place(Path("/x"), ports=(0, 0))
    assert Place.from_environ({}).socket_dir == Path("/tmp")


def test_a_socket_is_its_owners_alone(server: grpc.Server, tmp_path: Path) -> None:
    listener = listen(server, Place(tmp_path))
    path = Path(listener.address)
    assert path.name.startswith("plugin")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listener.close()
    assert not path.exists()


def test_a_group_may_connect_when_the_host_says_so(server: grpc.Server, tmp_path: Path) -> None:
    listener = listen(server, Place(tmp_path, socket_group=str(os.getgid())))
    found = Path(listener.address).stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, os.getgid())
    listener.close()


def test_a_port_that_is_taken_is_passed_over(server: grpc.Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        address = listen(server, Place(Path("/"), "tcp", ports=(port, port + 50))).address
        assert port < int(address.rpartition(":")[2]) <= port + 50
        with pytest.raises(OSError, match="no free port"):
            listen(server, Place(Path("/"), "tcp", ports=(port, port)))


def test_two_servers_never_share_a_port(server: grpc.Server) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = grpc.server(pool, options=options())
        port = int(listen(other, Place(Path("/"), "tcp", ports=(0, 0))).address.rpartition(":")[2])
        with pytest.raises(OSError, match="no free port"):
            listen(server, Place(Path("/"), "tcp", ports=(port, port)))
        other.stop(None).wait(30)


def test_port_0_means_any(server: grpc.Server) -> None:
    assert int(listen(server, Place(Path("/"), "tcp", ports=(0, 0))).address.rpartition(":")[2]) > 0


def test_a_socket_that_cannot_be_made(server: grpc.Server, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot listen"):
        listen(server, Place(tmp_path / "missing"))


def test_plain_endpoints_import_no_tls() -> None:
    code = "import sys, viewra.transport.endpoint; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "viewra.transport.endpoint" in loaded
    assert not {"cryptography", "viewra.transport.mtls", "viewra.transport.bridge"}.intersection(loaded)


LISTEN = """
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print(flush=True); sys.stdin.read()
"""


@pytest.mark.process
def test_who_listens_is_asked_of_the_kernel(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        require_listener(path, process.pid)
        require_listener(path, os.getpid())  # it descends from this process
        with pytest.raises(HandshakeError, match=rf"belongs to another process, {process.pid}") as caught:
            require_listener(path, os.getppid() if os.getppid() == 0 else 999_999_999)
        assert caught.value.step == "connect"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            assert peer_of(client).uid == os.getuid()
            assert not is_own(client)
        assert process.stdin is not None
        process.stdin.close()
    with pytest.raises(HandshakeError, match="Connection refused"):
        require_listener(path, process.pid)


def test_our_own_socket_is_our_own() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert is_own(one)
