"""A small HTTP server on this machine, with answers that a test gives, and what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs


@attrs.frozen
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class Said:
    """What the server answers; ``raw`` replaces all of it, and ``endless`` is sent again and again as the body.

    With ``dripping``, ``raw`` is followed by one letter after the other, until the client has gone or the test ends.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = attrs.field(factory=dict)
    raw: bytes = b""
    endless: bytes = b""
    dripping: bool = False


class Server:
    """Answers each path by a function, or with the same answer again and again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[Asked] = []
        self.answers: dict[str, Said | Callable[[Asked], Said]] = {}
        self.over = threading.Event()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The URL of a path."""
        return f"http://{host}:{self.port}{path}"


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            server.asked.append(asked)
            found = server.answers.get(self.path.partition("?")[0], Said(404))
            said = found(asked) if callable(found) else found
            if said.raw:
                self.wfile.write(said.raw)
                while said.dripping and not server.over.wait(0.02):
                    self.wfile.write(b"x")
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.endless:
                self.end_headers()
                self.close_connection = True
                while not server.over.is_set():
                    self.wfile.write(said.endless)
                return
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = do_PUT = handle_one  # noqa: N815 - http.server's names

        def log_message(self, *_arguments: object) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A client that goes away is what many of these tests are about."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server = Server(http.server_address[1])
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            http.shutdown()
            thread.join(60)
