"""Drives a site's application without a socket: a client that sees each message, and may stall or go away."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import attrs
from starlette.types import ASGIApp, Message

ANSWER_S = 20.0


@attrs.define
class Answer:
    """A response as far as it came; ``whole`` says that its end did."""

    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    pieces: int = 0
    whole: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """Sends requests to an app that runs in an event loop of its own thread."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop
        self.headers: dict[str, str] = {}

    def on_loop(self, function: Callable[[], None]) -> None:
        """Call something in the app's event loop."""
        self._loop.call_soon_threadsafe(function)

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        leave_after: int | None = None,
    ) -> Answer:
        """Send a request and wait for its response; go away after ``leave_after`` pieces of it."""
        return self.begin(method, url, headers=headers, body=body, leave_after=leave_after).result(ANSWER_S)

    def begin(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        leave_after: int | None = None,
        stall: threading.Event | None = None,
    ) -> Future[Answer]:
        """Send a request; the future gives its response. Nothing of its body is read before ``stall`` is set."""
        given = {"host": "viewra.test", **self.headers, **(headers or {})}
        chunks = [body] if isinstance(body, bytes) else body
        if isinstance(body, bytes):
            if body:
                given.setdefault("content-length", str(len(body)))
        else:
            given.setdefault("transfer-encoding", "chunked")
        return asyncio.run_coroutine_threadsafe(
            self._ask(method, url, given, iter(chunks), leave_after, stall), self._loop
        )

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        chunks: Iterator[bytes],
        leave_after: int | None,
        stall: threading.Event | None,
    ) -> Answer:
        path, _, query = url.partition("?")
        answer, gone = Answer(), asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 40000),
            "server": ("viewra.test", 80),
            "state": {},
        }
        following = await asyncio.to_thread(next, chunks, None)
        ended = False

        async def receive() -> Message:
            nonlocal following, ended
            if ended or gone.is_set():
                await gone.wait()
                return {"type": "http.disconnect"}
            chunk = following or b""
            if following is not None:
                following = await asyncio.to_thread(next, chunks, None)
            ended = following is None
            return {"type": "http.request", "body": chunk, "more_body": not ended}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                for name, value in message["headers"]:
                    key = name.decode()
                    text = value.decode("latin-1")
                    answer.headers[key] = f"{answer.headers[key]}, {text}" if key in answer.headers else text
                return
            if stall is not None:
                await asyncio.to_thread(stall.wait, ANSWER_S)
            answer.body += message.get("body", b"")
            answer.pieces += 1
            answer.whole = not message.get("more_body", False)
            if answer.pieces == leave_after:
                gone.set()

        try:
            await self._app(scope, receive, send)
        finally:
            gone.set()
        return answer


@contextmanager
def browsing(app: Any) -> Iterator[Browser]:
    """Run the application, with its start and end, in an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="web-test", daemon=True)
    thread.start()
    lifespan = app.router.lifespan_context(app)
    try:
        asyncio.run_coroutine_threadsafe(lifespan.__aenter__(), loop).result(ANSWER_S)
        try:
            yield Browser(app, loop)
        finally:
            asyncio.run_coroutine_threadsafe(lifespan.__aexit__(None, None, None), loop).result(ANSWER_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(ANSWER_S)
        loop.close()
