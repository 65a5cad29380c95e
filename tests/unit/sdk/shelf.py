"""A plugin with handlers of each kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from viewra.sdk import Plugin
from viewra.sdk.http import HttpError, Request, Response, page, route


class Shelf(Plugin):
    """Handlers of each kind."""

    left = threading.Event()

    @route("GET", "/books/{title}")
    def book(self, request: Request) -> object:
        """One book.

        More of it.
        """
        return {"title": request.path_params["title"], "query": request.query, "all": request.query_all("a")}

    @route("PUT", "/books/{title}", "Store a book")
    @route("POST", "/books")
    def store(self, request: Request) -> Response:
        return Response.json({"stored": request.json()}, 201, {"X-Shelf": "3"})

    @route("POST", "/form")
    def form(self, request: Request) -> object:
        return request.form()

    @route("POST", "/echo")
    def echo(self, request: Request) -> Response:
        return Response.stream(request.stream(), content_type="text/plain")

    @route("GET", "/kinds/{kind}")
    def kinds(self, request: Request) -> object:
        returned: dict[str, object] = {
            "text": "é",
            "bytes": b"\0",
            "list": [1],
            "none": None,
            "pieces": ("a", b"b"),
            "large": b"x" * 150_000,
            "file": Response.media(7, {"content-disposition": "inline"}),
            "asset": Response.asset("abc"),
            "away": Response.redirect(request.page_url("/a b")),
            "wrong": 3,
            "odd text": "caf\udce9",
            "odd list": ["caf\udce9 é"],
            "odd pieces": ("caf\udce9", b""),
        }
        return returned[request.path_params["kind"]]

    @route("GET", "/refuse")
    def refuse(self, request: Request) -> object:
        raise HttpError(418, "a teapot")

    @route("GET", "/endless")
    def endless(self, request: Request) -> Iterator[str]:
        try:
            while request.wanted:
                yield "on "
        finally:
            self.left.set()

    @page("/", "Shelf", icon="book", category="media", methods=("GET", "POST"))
    def overview(self, request: Request) -> str:
        return f"<a href='{request.route_url('/books/1')}'>{request.method} {request.scope}</a>"

    @page("/hidden")
    def hidden(self, request: Request) -> None:
        """Not in the menu."""

    @page("/whole")
    def whole(self, request: Request) -> str:
        return "<!DOCTYPE html><p>4</p>"

    @page("/figures/now", "Figures", fragment=True)
    def figures(self, request: Request) -> str:
        return "<p>3</p>"
