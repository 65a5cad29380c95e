"""A site over a host of its own, with a small library, and clients of it that need no network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from viewra import Host
from viewra.db import open_database
from viewra.sdk import Plugin
from viewra.web.accounts import hashing
from viewra.web.accounts.accounts import Accounts
from viewra.web.accounts.identity import Scope
from viewra.web.app import build
from viewra.web.serving.connections import Guard
from viewra.web.serving.server import Server
from viewra.web.serving.sockets import listen
from viewra.web.site import Exposure, Site

PASSWORD = "a few easy words"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """What slows down who guesses slows tests down, too."""
    monkeypatch.setattr(hashing, "PASSWORD", hashing.Cost(4, 8, 1))


class Reader(Plugin):
    """Reads files whose names say what to say of them."""

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return mime_type.startswith("audio/")

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        if "broken" in file_path:
            raise ValueError("this file is broken")
        return {"title": Path(file_path).stem, "artist": "Bach", "album": "Suites", "date": "1720", "genre": "Baroque"}

    def get_supported_types(self) -> list[str]:
        return ["audio/*"]


@attrs.define
class Served:
    """A site, its library's folder, and a client that sends no token."""

    host: Host
    site: Site
    folder: Path
    client: TestClient
    _tokens: dict[Scope, str] = attrs.field(factory=dict)

    def headers(self, scope: Scope = Scope.ADMIN) -> dict[str, str]:
        if scope not in self._tokens:
            self._tokens[scope] = self.site.accounts.tokens.create(f"of-{scope}", scope).token
        return {"Authorization": f"Bearer {self._tokens[scope]}"}

    def scan(self) -> None:
        self.host.scan(self.folder)


@contextmanager
def serving(folder: Path, data_dir: Path, exposure: Exposure | None = None) -> Iterator[Served]:
    folder.mkdir(exist_ok=True)
    with Host(data_dir=data_dir, sandbox="off", watch=False) as host:
        host.register(Reader())
        site = Site(host, exposure=exposure)
        with TestClient(build(site), base_url="http://localhost:8096", follow_redirects=False) as client:
            yield Served(host, site, folder, client)


@pytest.fixture
def served(tmp_path: Path, quick_hosts: None) -> Iterator[Served]:
    with serving(tmp_path / "music", tmp_path / "data") as one:
        yield one


@attrs.define
class Listening:
    """A site that listens on a real socket of this machine, with its server on a thread."""

    host: Host
    site: Site
    server: Server
    guard: Guard
    port: int
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def listening(tmp_path: Path, quick_hosts: None) -> Iterator[Listening]:
    ready = threading.Event()
    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        host.register(Reader())
        site = Site(host)
        guard = Guard(most=100)
        server = Server(build(site), site.hub, on_ready=ready.set, guard=guard)
        (one,) = sockets = listen("127.0.0.1", 0)
        thread = threading.Thread(target=server.run, args=(sockets,), name="server")
        made = Listening(host, site, server, guard, one.getsockname()[1], thread)
        thread.start()
        assert ready.wait(60)
        yield made
        made.stop()


@pytest.fixture
def put(served: Served) -> Callable[..., Path]:
    """A function that writes a file into the library's folder."""

    def write(name: str, content: bytes = b"0123456789") -> Path:
        path = served.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new files find no space for what is written to them."""
    opened = Path.open
    full = Path("/dev/full")
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r", *more: opened(full, "wb") if mode == "xb" else opened(path, mode, *more)
    )


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, quick_hosts: None) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'data' / 'viewra.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(engine: sa.Engine, clock: Clock) -> Accounts:
    return Accounts(engine, clock=clock)
