"""What authors write with viewra.sdk.http, called in this process and over a real connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.sdk.shelf import Shelf
from viewra.errors import NotOffered, PluginFault
from viewra.sdk import AdminPage, Plugin
from viewra.sdk.http import Request, page, route
from viewra.testing import PluginUnderTest, in_process, loopback
from viewra.types import APIRoute, Area, RequestHead, RequestPart, ResponseHead


@pytest.fixture(params=[in_process, loopback], ids=["in_process", "loopback"])
def shelf(request: pytest.FixtureRequest) -> Iterator[PluginUnderTest]:
    with request.param(Shelf()) as plugin:
        yield plugin


def ask(
    plugin: PluginUnderTest, method: str, path: str, body: bytes = b"", **more: Any
) -> tuple[ResponseHead, bytes, int]:
    """The response's head and body, and in how many parts it came."""
    with plugin.http.open(RequestHead(method, path, **more), body=body, most_s=10) as exchange:
        first = exchange.receive(60)
        assert first is not None
        assert first.head is not None
        parts = [first, *iter(lambda: exchange.receive(60), None)]
    assert parts[-1].last
    return first.head, b"".join(part.body for part in parts), len(parts)


def test_routes_and_pages_are_declared_by_their_handlers(shelf: PluginUnderTest) -> None:
    assert shelf.api_registration is not None
    assert shelf.admin_page is not None
    assert shelf.http.available
    routes = shelf.api_registration.get_registered_routes()
    assert APIRoute("/books/{title}", "GET", "One book.") in routes
    assert APIRoute("/books/{title}", "PUT", "Store a book") in routes
    assert APIRoute("/books", "POST") in routes
    shelf.admin_page.register_routes("/admin/plugins/shelf")
    assert shelf.admin_page.get_admin_pages() == (
        AdminPage("index", "Shelf", "/", "book", "media", type="page"),
        AdminPage("figures-now", "Figures", "/figures/now", type="fragment"),
    )


def test_a_handler_gets_path_and_query(shelf: PluginUnderTest) -> None:
    head, body, _ = ask(shelf, "GET", "/books/a b", query="a=1&a=2&b=%20")
    assert (head.status, head.headers) == (200, (("content-type", "application/json"),))
    assert body == b'{"title":"a b","query":{"a":"2","b":" "},"all":["1","2"]}'


def test_a_handler_gets_a_body(shelf: PluginUnderTest) -> None:
    head, body, _ = ask(shelf, "POST", "/books", b'{"a": 1}')
    assert (head.status, body) == (201, b'{"stored":{"a":1}}')
    assert ("x-shelf", "3") in head.headers
    kind = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
    assert ask(shelf, "POST", "/form", b"a=1&b=", headers=kind)[1] == b'{"a":"1","b":""}'


def test_a_body_in_parts_is_answered_as_it_arrives(shelf: PluginUnderTest) -> None:
    with shelf.http.open(RequestHead("POST", "/echo"), body=None, most_s=10) as exchange:
        assert exchange.receive(60).head.status == 200  # type: ignore[union-attr]
        for word in (b"a", b"b"):
            exchange.send(RequestPart(body=word), 10)
            assert exchange.receive(60).body == word  # type: ignore[union-attr]
        exchange.send(RequestPart(last=True), 10)
        assert exchange.receive(60).last  # type: ignore[union-attr]
        assert exchange.receive(60) is None


def test_a_request_that_is_cut_off_is_not_taken_for_a_whole_one(shelf: PluginUnderTest) -> None:
    with shelf.http.open(RequestHead("POST", "/books"), body=None, most_s=10) as exchange:
        exchange.send(RequestPart(body=b"1"), 10)
        exchange.finish()
        with pytest.raises(PluginFault, match="ended the request before its end"):
            exchange.receive(60)


@pytest.mark.parametrize(
    ("kind", "status", "body", "content_type"),
    [
        ("text", 200, "é".encode(), "text/plain; charset=utf-8"),
        ("bytes", 200, b"\0", "application/octet-stream"),
        ("list", 200, b"[1]", "application/json"),
        ("none", 204, b"", None),
        ("pieces", 200, b"ab", "application/octet-stream"),
        ("large", 200, b"x" * 150_000, "application/octet-stream"),
        ("away", 303, b"", None),
        ("odd text", 200, b"caf\\udce9", "text/plain; charset=utf-8"),
        ("odd list", 200, b'["caf\\udce9 \xc3\xa9"]', "application/json"),
        ("odd pieces", 200, b"caf\\udce9", "application/octet-stream"),
    ],
)
def test_what_a_handler_may_return(
    shelf: PluginUnderTest, kind: str, status: int, body: bytes, content_type: str | None
) -> None:
    head, sent, _ = ask(shelf, "GET", f"/kinds/{kind}", base_path="/base")
    headers = dict(head.headers)
    assert (head.status, sent, headers.get("content-type")) == (status, body, content_type)
    if kind == "away":
        assert headers["location"] == "/base/a%20b"


def test_a_file_is_named_not_sent(shelf: PluginUnderTest) -> None:
    head, body, parts = ask(shelf, "GET", "/kinds/file")
    assert (head.media_file_id, body, parts) == (7, b"", 1)
    assert ask(shelf, "GET", "/kinds/asset")[0].asset_id == "abc"


def test_head_has_no_body(shelf: PluginUnderTest) -> None:
    head, body, parts = ask(shelf, "HEAD", "/kinds/pieces")
    assert (head.status, body, parts) == (200, b"", 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/nothing", b"", 404, b"there is nothing at this path"),
        ("DELETE", "/books/a", b"", 405, b"no such method"),
        ("GET", "/refuse", b"", 418, b"a teapot"),
        ("POST", "/books", b"{", 400, b"the body is not JSON"),
        ("POST", "/books", b"[" * 100_000, 400, b"the body is not JSON"),
        ("POST", "/books", b"x" * (16 * 1024 * 1024 + 1), 413, b"more than 16,777,216 bytes"),
        ("POST", "/form", b"\xff", 400, b"not UTF-8"),
    ],
    ids=["404", "405", "418", "json", "deep", "413", "utf8"],
)
def test_refusals(shelf: PluginUnderTest, method: str, path: str, body: bytes, status: int, said: bytes) -> None:
    if len(body) > 1_000_000:
        with shelf.http.open(RequestHead(method, path), body=None, most_s=10) as exchange:
            for at in range(0, len(body), 1_000_000):
                exchange.send(RequestPart(body=body[at : at + 1_000_000]), 10)
            part = exchange.receive(60)
        assert part is not None
        assert part.head is not None
        assert (part.head.status, said in part.body) == (status, True)
        return
    head, sent, _ = ask(shelf, method, path, body)
    assert head.status == status
    assert said in sent


def test_what_is_no_form_is_refused_with_its_type(shelf: PluginUnderTest) -> None:
    head, body, _ = ask(shelf, "POST", "/form", b"x", headers=(("content-type", "text/plain"),))
    assert (head.status, b"text/plain" in body) == (415, True)


def test_an_exception_or_a_wrong_value_is_the_plugins_fault(shelf: PluginUnderTest) -> None:
    with pytest.raises(PluginFault, match="a handler returned int, not a Response"):
        ask(shelf, "GET", "/kinds/wrong")
    with pytest.raises(PluginFault, match="nowhere"):
        ask(shelf, "GET", "/kinds/nowhere")


def test_pages_have_an_area_of_their_own(shelf: PluginUnderTest) -> None:
    own: dict[str, Any] = {"area": Area.PAGE, "base_path": "/admin", "routes_path": "/api", "scope": "operate"}
    head, body, _ = ask(shelf, "POST", "/", **own)
    assert dict(head.headers)["content-type"] == "text/html; charset=utf-8"
    assert b"<body>\n<a href='/api/books/1'>POST operate</a>\n</body>" in body
    assert b'<link rel="stylesheet" href="/admin/_viewra.css">' in body
    assert ask(shelf, "GET", "/", area=Area.ROUTE)[0].status == 404
    assert ask(shelf, "GET", "/books/a", area=Area.PAGE)[0].status == 404
    assert ask(shelf, "GET", "/hidden", area=Area.PAGE)[0].status == 204
    assert ask(shelf, "GET", "/figures/now", area=Area.PAGE)[1] == b"<p>3</p>"  # no document: it goes into one
    assert ask(shelf, "GET", "/whole", area=Area.PAGE)[1] == b"<!DOCTYPE html><p>4</p>"


def test_a_handler_that_streams_learns_that_the_client_has_gone(shelf: PluginUnderTest) -> None:
    Shelf.left.clear()
    with shelf.http.open(RequestHead("GET", "/endless"), most_s=10) as exchange:
        exchange.receive(60)
        assert exchange.receive(60).body == b"on "  # type: ignore[union-attr]
    assert Shelf.left.wait(60)


def test_a_subclass_inherits_routes_and_may_replace_handlers() -> None:
    class Mixin:
        @route("GET", "/mixed")
        def mixed(self, request: Request) -> str:
            return "mixed"

    class Taller(Mixin, Shelf):
        @route("GET", "/more")
        def more(self, request: Request) -> str:
            return "more"

        def refuse(self, request: Request) -> str:
            return "replaced"

    with in_process(Taller()) as plugin:
        for path in ("/more", "/mixed", "/kinds/text", "/refuse"):
            assert ask(plugin, "GET", path)[0].status == 200
        assert ask(plugin, "GET", "/refuse")[1] == b"replaced"
    with in_process(Shelf()) as plugin:
        assert ask(plugin, "GET", "/more")[0].status == 404


def test_a_plugin_without_routes_answers_none() -> None:
    with loopback(Plugin()) as plugin:
        assert not plugin.http.available
        with plugin.http.open(RequestHead("GET", "/"), most_s=5) as exchange, pytest.raises(NotOffered):
            exchange.receive(60)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: route("LOOK", "/a"),
        lambda: route("GET", "a"),
        lambda: route("GET", "/{a"),
        lambda: page("/a", "A", methods=("FETCH",)),
    ],
)
def test_what_cannot_be_declared_is_told_at_once(declare: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"method|path|brace"):
        declare()(lambda self, request: None)


def test_a_coroutine_is_no_handler() -> None:
    async def handler(self: object, request: Request) -> None: ...

    with pytest.raises(ValueError, match="mount an ASGI app"):
        route("GET", "/a")(handler)
