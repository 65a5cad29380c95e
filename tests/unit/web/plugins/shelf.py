"""Plugins whose routes and pages show one thing each."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from viewra.sdk import AdminPage, APIRoute, Plugin, PluginInfo
from viewra.sdk.http import Request, Response, page, route


class Shelf(Plugin):
    def __init__(self, plugin_id: str = "shelf") -> None:
        self.id = plugin_id
        self.go = threading.Event()
        self.begun = threading.Event()
        self.left = threading.Event()
        self.made = 0
        self.media = 0

    def info(self) -> PluginInfo:
        return PluginInfo(id=self.id, name=self.id)

    @route("GET", "/seen/{name}")
    def seen(self, request: Request) -> object:
        return {
            "name": request.path_params["name"],
            "query": request.query_string,
            "headers": dict(request.headers),
            "scope": request.scope,
        }

    @route("POST", "/echo")
    def echo(self, request: Request) -> Response:
        return Response.stream(request.stream())

    @route("POST", "/early")
    def early(self, request: Request) -> str:
        return "enough"

    @route("POST", "/count")
    def count(self, request: Request) -> object:
        return sum(len(piece) for piece in request.stream())

    @route("GET", "/say/{what}")
    def say(self, request: Request) -> object:
        return {
            "none": None,
            "cookie": Response("x", 200, [("Set-Cookie", "a=b"), ("X-Own", "1"), ("HX-Redirect", "/")]),
            "policy": Response("x", 200, [("Content-Security-Policy", "x"), ("Cache-Control", "public, max-age=5")]),
            "length": Response("x", 200, [("Content-Length", "999"), ("Transfer-Encoding", "gzip")]),
            "inject": Response("x", 200, [("X-A", "b\r\nSet-Cookie: c=d")]),
            "away": Response("", 307, [("Location", "/api/v1/plugins/shelf/disable")]),
            "own": Response("", 303, [("Location", "/api/plugins/shelf/say/none")]),
            "html": Response.html("<script>alert(1)</script>"),
            "file": Response.media(self.media or 9),
            "asset": Response.asset("a1"),
            "teapot": Response.text("short", 418),
        }[request.path_params["what"]]

    @route("GET", "/fail")
    def fail(self, request: Request) -> object:
        raise LookupError("no such shelf")

    @route("GET", "/fail-later")
    def fail_later(self, request: Request) -> Iterator[str]:
        yield "begun "
        raise LookupError("fell down")

    @route("GET", "/hang")
    def hang(self, request: Request) -> str:
        self.go.wait(30)
        return "at last"

    @route("GET", "/events")
    def events(self, request: Request) -> Response:
        def lines() -> Iterator[str]:
            yield "data: 1\n\n"
            self.begun.set()
            while request.wanted:
                self.go.wait(0.02)
            self.left.set()

        return Response.stream(lines(), content_type="text/event-stream")

    @route("GET", "/flood")
    def flood(self, request: Request) -> Iterator[bytes]:
        try:
            while request.wanted:
                self.made += 1
                yield b"x" * 50_000
        finally:
            self.left.set()


class Old(Plugin):
    """As a Go plugin is: it declares a route and a page, and has no HttpService."""

    def info(self) -> PluginInfo:
        return PluginInfo(id="old")

    def get_registered_routes(self) -> list[APIRoute]:
        return [APIRoute("/api/plugins/old/stats", "GET")]

    def get_admin_pages(self) -> list[AdminPage]:
        return [AdminPage("a", "Old", "/admin/plugins/old/a")]

    def register_routes(self, base_path: str) -> None:
        self.base_path = base_path


class Mute(Plugin):
    """Says what routes it has only when it may."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def info(self) -> PluginInfo:
        return PluginInfo(id="mute")

    def get_registered_routes(self) -> list[APIRoute]:
        self.may.wait(60)
        return [APIRoute("/a", "GET")]


class Pages(Plugin):
    """Pages of each kind."""

    def __init__(self, plugin_id: str = "pages") -> None:
        self.id = plugin_id
        self.sent = b""

    def info(self) -> PluginInfo:
        return PluginInfo(id=self.id, name=self.id)

    @page("/overview", "Overview <b>", methods=("GET", "POST"))
    def overview(self, request: Request) -> object:
        self.sent = request.body()
        script = f"<script src='{request.page_url('/code.js')}'></script>"
        data = f"<p data-from='{request.route_url('/data')}' data-cookie='{request.headers.get('cookie')}'>"
        return script + data + f"{request.method} {request.scope} {request.query_string}"

    @page("/code.js")
    def code(self, request: Request) -> Response:
        return Response("1", content_type="text/javascript")

    @page("/figures", "Figures", fragment=True)
    def figures(self, request: Request) -> str:
        return (
            "<h2 onclick='x()' id='a' class='b' style='c'>Three</h2><script>alert(1)</script><style>p{}</style>"
            "<form action='/admin/sign-out' method='post'><button>x</button></form><iframe src='/admin/'></iframe>"
            "<a href='/api/v1/plugins'>host</a><a href='javascript:x()'>js</a><a href='//evil/'>evil</a>"
            "<a href='/admin/plugins/pages/overview'>own</a><a href='https://example.org/'>other</a>"
            "<a href='../../sign-out'>up</a><img src='https://example.org/a.png'><img src='/api/plugins/pages/a.png'>"
            "<div hx-get='/api/v1/tokens' hx-trigger='load'>htmx</div><svg><script>y()</script></svg>"
            "<math><mtext><img src=x onerror=z()></mtext></math><meter value='3' max='5'></meter>"
        )

    @page("/long", "Long", fragment=True)
    def long(self, request: Request) -> Iterator[str]:
        while True:
            yield "x" * 60_000

    @page("/gone", "Gone", fragment=True)
    def gone(self, request: Request) -> Response:
        return Response.text("not here", 404)

    @route("GET", "/data")
    def data(self, request: Request) -> object:
        return {"scope": request.scope}

    @route("POST", "/data")
    def store(self, request: Request) -> object:
        return {"stored": request.text()}
