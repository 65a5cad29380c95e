"""Mounts an ASGI app: ``asgi = app`` in a plugin's class gives it all requests to the plugin's routes and pages.

The app runs in an event loop on a thread of its own, which the first request starts. It gets lifespan events: the
start before the first request, the end when the process ends.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import threading
import types
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from viewra.sdk.http.answering import PIECE_BYTES, begun
from viewra.types import APIRoute, RequestHead, RequestPart, ResponseHead, ResponsePart

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
LIFESPAN_S = 30.0
"""Seconds for the app's start, and again for its end."""
LEAVING_S = 5.0
"""Seconds in which the app may end a request whose client has gone."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_AT_ONCE = 64  # bodies that are read at the same time
_LOOK_S = 0.5  # between looks whether the client still waits
_NOTHING = ResponsePart()


class Mounted:
    """The services of a plugin that mounts an app: routes for every path, and its requests."""

    def __init__(self, plugin: object) -> None:
        self._plugin = plugin
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None

    def get_registered_routes(self) -> Sequence[APIRoute]:
        """Every path: the app knows which there are."""
        return [APIRoute("/{path:path}", method) for method in _METHODS]

    def handle_http(self, parts: Iterator[RequestPart], wanted: Callable[[], bool]) -> Iterator[ResponsePart]:
        """Have the app answer one request."""
        head, body = begun(parts)
        loop, app = self._started()
        call = _Call(loop, body)
        task = asyncio.run_coroutine_threadsafe(call.run(app, _scope(head)), loop)
        call.ended = task
        try:
            while (part := _next(call, wanted)) is not _NOTHING:
                yield part
            if task.done() or wanted():
                task.result()
        finally:
            loop.call_soon_threadsafe(call.leave)

    def _started(self) -> tuple[asyncio.AbstractEventLoop, App]:
        with self._lock:
            if self._loop is None or self._app is None:
                app = app_of(self._plugin)
                loop = asyncio.new_event_loop()
                loop.set_default_executor(ThreadPoolExecutor(_AT_ONCE, "asgi-body"))
                threading.Thread(target=loop.run_forever, name="asgi", daemon=True).start()
                lifespan = _Lifespan(loop)
                lifespan.start(app)
                atexit.register(lifespan.end)
                self._loop, self._app = loop, app
            return self._loop, self._app


def _next(call: _Call, wanted: Callable[[], bool]) -> ResponsePart:
    """Wait for the app's next part; ``_NOTHING`` at the end, and when the client has gone."""
    coming = asyncio.run_coroutine_threadsafe(call.parts.get(), call.loop)
    while True:
        try:
            return coming.result(_LOOK_S)
        except TimeoutError:
            if not wanted():
                coming.cancel()
                return _NOTHING


def app_of(plugin: object) -> App:
    """The app that the plugin mounts: its attribute ``asgi``, or what a method of that name returns."""
    found: Any = getattr(plugin, "asgi")  # noqa: B009 - its type is the author's
    if isinstance(found, types.MethodType):
        if not inspect.signature(found).parameters:
            found = found()
        elif found.__self__ is plugin:
            found = found.__func__  # a function in the class's body is the app itself
    app: App = found
    return app


class _Call:
    """One request's way through the app; everything but the body's reading is in the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, body: Iterator[bytes]) -> None:
        self.loop = loop
        self._body: Iterator[bytes] | None = body
        self._head: ResponseHead | None = None
        self.parts: asyncio.Queue[ResponsePart] = asyncio.Queue(1)
        self.ended: Future[None] | None = None
        self._gone = asyncio.Event()

    def leave(self) -> None:
        """Nobody reads the response any more: tell the app, and cancel it if it goes on."""
        self._gone.set()
        while not self.parts.empty():  # an app that waits for room goes on
            self.parts.get_nowait()
        if self.ended is not None and not self.ended.done():
            self.loop.call_later(LEAVING_S, self.ended.cancel)

    async def run(self, app: App, scope: MutableMapping[str, Any]) -> None:
        try:
            await app(scope, self._receive, self._send)
        finally:
            if not self._gone.is_set():
                await self.parts.put(_NOTHING)

    async def _receive(self) -> Message:
        if self._body is None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        try:
            piece = await self.loop.run_in_executor(None, next, self._body, None)
        except ConnectionResetError:
            self._body = None
            return {"type": "http.disconnect"}
        if piece is None:
            self._body = None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def _send(self, message: Message) -> None:
        if self._gone.is_set():
            return
        if message["type"] == "http.response.start":
            headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]
            )
            self._head = ResponseHead(message["status"], headers)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        pieces = [body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES)] or [b""]
        for number, piece in enumerate(pieces, 1):
            await self.parts.put(ResponsePart(self._head, bytes(piece), last=not more and number == len(pieces)))
            self._head = None


class _Lifespan:
    """The app's start and end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: asyncio.Queue[str] = asyncio.Queue()
        self._done: asyncio.Queue[str] = asyncio.Queue()
        self._runs = True

    def start(self, app: App) -> None:
        """Start the app, if it cares; raises RuntimeError if it cannot start."""
        asyncio.run_coroutine_threadsafe(self._run(app), self._loop)
        problem = self._tell("lifespan.startup")
        if problem:
            raise RuntimeError(f"the ASGI app did not start: {problem}")

    def end(self) -> None:
        """End the app."""
        if self._runs:
            with contextlib.suppress(Exception):
                self._tell("lifespan.shutdown")

    def _tell(self, event: str) -> str:
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        return asyncio.run_coroutine_threadsafe(self._done.get(), self._loop).result(LIFESPAN_S)

    async def _run(self, app: App) -> None:
        async def receive() -> Message:
            return {"type": await self._events.get()}

        async def send(message: Message) -> None:
            kind = message["type"]
            self._done.put_nowait((message.get("message") or "it gave no reason") if kind.endswith(".failed") else "")

        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}, receive, send)
        except Exception:  # noqa: S110 - an app without lifespan raises, by the specification
            pass
        finally:
            self._runs = False
            self._done.put_nowait("")


def _scope(head: RequestHead) -> MutableMapping[str, Any]:
    path = head.base_path + head.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": head.method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": head.base_path,
        "query_string": head.query.encode("latin-1", "replace"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers],
        "client": None,
        "server": None,
        "extensions": {"viewra": {"scope": head.scope, "area": str(head.area), "routes_path": head.routes_path}},
    }
