"""HTTP to a plugin is the same for its object, over a connection, and in its process; the kit's check finds faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import MakePlugin
from viewra.sdk import AdminPage, Plugin
from viewra.sdk.http import Request, Response, page, route
from viewra.testing import FakePlugin, ask_http, check_http, in_process, loopback, subprocess_plugin

CODE = """
from viewra.sdk import Plugin, serve
from viewra.sdk.http import page, route

class Shelf(Plugin):
    @route("GET", "/stats")
    def stats(self, request):
        return {"files": 3, "scope": request.scope}

    @page("/", "Shelf")
    def overview(self, request):
        return "<p>" + request.route_url("/stats")

serve(Shelf())
"""


class Shelf(Plugin):
    @route("GET", "/stats")
    def stats(self, request: Request) -> object:
        return {"files": 3, "scope": request.scope}

    @page("/", "Shelf")
    def overview(self, request: Request) -> str:
        return "<p>" + request.route_url("/stats")


def check(plugin: Any) -> None:
    answer = ask_http(plugin, "GET", "/stats", scope="read")
    assert (answer.status, answer.json) == (200, {"files": 3, "scope": "read"})
    assert "<p>/api/plugins/under_test/stats" in ask_http(plugin, "GET", "/", page=True).text
    check_http(plugin)


@pytest.mark.parametrize("way", [in_process, loopback], ids=["in_process", "loopback"])
def test_in_this_process(way: Callable[..., Any]) -> None:
    with way(Shelf()) as plugin:
        check(plugin)


@pytest.mark.process
def test_in_its_own_process(make_plugin: MakePlugin) -> None:
    with subprocess_plugin(make_plugin("shelf", CODE, capabilities=("api_registration", "admin_page"))) as plugin:
        check(plugin)


def test_a_fake_plugin_answers_as_a_test_tells_it() -> None:
    fake = FakePlugin(on={"handle_http": lambda head, body: Response.json([head.path, len(body)], 202)})
    with loopback(fake) as plugin:
        answer = ask_http(plugin, "POST", "/a", body=b"123")
    assert (answer.status, answer.json) == (202, ["/a", 3])
    with loopback(FakePlugin()) as plugin:
        assert ask_http(plugin, "GET", "/a").text == "GET /a"
        check_http(plugin)
    with loopback(FakePlugin(offers=("search_service",))) as plugin:
        assert not plugin.http.available


class Silent(Plugin):
    def get_admin_pages(self) -> list[AdminPage]:
        return [AdminPage("a", "A", "/a")]

    def register_routes(self, base_path: str) -> None: ...


class Lost(Silent):
    @route("GET", "/x")
    def x(self, request: Request) -> None: ...


class Plain(Silent):
    @page("/a", "A")
    def a(self, request: Request) -> Response:
        return Response.text("a")


class Broken(Plugin):
    @route("GET", "/x")
    def x(self, request: Request) -> Response:
        return Response.text("no", 503)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Silent, "declares no handlers"),
        (Lost, "the page /a is declared, and answered with 404"),
        (Plain, "the page /a is text/plain, not text/html"),
        (Broken, "the route /x is declared, and answered with 503"),
    ],
)
def test_the_check_finds_what_is_wrong(kind: type[Plugin], said: str) -> None:
    with in_process(kind()) as plugin, pytest.raises(AssertionError, match=said):
        check_http(plugin)
