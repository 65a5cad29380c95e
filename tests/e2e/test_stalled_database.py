"""A database that no longer answers: a scan still ends when it is interrupted."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.e2e.conftest import MUSIC, ON_POSTGRESQL, start
from tests.eventually import eventually
from viewra.library.interrupt import LAST_RESORT_S

pytestmark = pytest.mark.process


class Proxy:
    """Forwards connections to a server until ``stall``, and keeps them open after that."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        self._stalled = threading.Event()
        self.passed = 0
        self._begin(self._accept)

    def stall(self) -> None:
        self._stalled.set()

    def close(self) -> None:
        self._stalled.set()
        for one in self._open:
            with contextlib.suppress(OSError):  # a close alone does not end a connection that a thread reads from
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _begin(self, function: Callable[..., object], *arguments: object) -> None:
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            if self._stalled.is_set():
                continue  # as a server that was stopped: the kernel takes the connection, nobody answers
            server = socket.create_connection(self._target)
            self._open.append(server)
            self._begin(self._forward, client, server)
            self._begin(self._forward, server, client)

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self._stalled.is_set():
                    return
                sink.sendall(data)
                self.passed += len(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    url = sa.make_url(database)
    made = Proxy(url.host or "127.0.0.1", url.port or 5432)
    yield made
    made.close()


@ON_POSTGRESQL
def test_the_second_signal_ends_a_scan_whose_server_stalls(
    data_dir: Path, database: str, proxy: Proxy, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    for number in range(3000):
        path = music / f"{number % 50}" / f"{number}.mkv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(str(number).encode())
    (music / "one.flac").write_bytes((next(MUSIC.rglob("*.flac"))).read_bytes())
    url = sa.make_url(database).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    with start(data_dir, "scan", str(music), database=url) as process:
        eventually(lambda: proxy.passed > 200_000, deadline_s=60)  # it is in the middle
        proxy.stall()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "press again to stop at once" in process.stderr.readline()
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < LAST_RESORT_S + 10
    assert process.returncode == 1
    assert "Traceback" not in err
