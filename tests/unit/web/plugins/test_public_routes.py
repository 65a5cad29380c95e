"""Public routes of plugins: who reaches them, what the plugin is told, and how much one client may ask."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.unit.web.plugins.conftest import World, world_of
from viewra.host.installed.grants import Grant
from viewra.host.plugin import Plugin as HostPlugin
from viewra.sdk import Plugin, PluginInfo
from viewra.sdk.http import Request, Response, route
from viewra.web import public
from viewra.web.accounts.identity import Scope


class Open(Plugin):
    def info(self) -> PluginInfo:
        return PluginInfo(id="open", name="Open")

    @route("GET", "/rest/{what}")
    @route("POST", "/rest/{what}")
    @route("GET", "/restricted/{what}")
    def rest(self, request: Request) -> object:
        """Say who asks, or fail."""
        if request.path_params["what"] == "failing":
            raise RuntimeError("with an inner detail")
        if request.path_params["what"] == "song":
            return Response.media(5)
        if request.path_params["what"] == "cover":
            return Response.artwork("album", 5, size=300)
        return {"scope": request.scope, "client": request.client, "cookie": request.headers.get("cookie", "")}


PUBLIC = Grant("http", "public", granted=True, paths=("/rest",))


@pytest.fixture(scope="module")
def world(fresh_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(fresh_database, tmp_path_factory.mktemp("site"), Open()) as world:
        del world.browser.headers["authorization"]
        yield world


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> list[Grant]:
    """What the plugin was granted; a plugin of the host's process has no manifest that could ask."""
    grants = [PUBLIC]
    monkeypatch.setattr(HostPlugin, "permissions", property(lambda _: tuple(grants)))
    return grants


NOBODY = {"scope": "public", "client": "127.0.0.1", "cookie": ""}


def test_anybody_reaches_what_is_granted_and_nothing_else(world: World, granted: list[Grant]) -> None:
    def ask(path: str, method: str = "GET") -> int:
        return world.browser.ask(method, path).status

    assert world.browser.ask("GET", "/api/plugins/open/rest/ping?u=a").json == NOBODY
    assert ask("/api/plugins/open/rest/ping", "POST") == 200, "no forged request can be: nobody is signed in"
    assert ask("/api/plugins/open/restricted/x") == 401
    for path in (
        "rest/%2e%2e/restricted/x",
        "rest/../restricted/x",
        "rest//../restricted/x",
        "rest%2F..%2Frestricted/x",
    ):
        assert ask(f"/api/plugins/open/{path}") in {400, 401, 404}, path
    assert [ask(path) for path in ("/api/plugins/other/rest/ping", "/api/v1/plugins")] == [401, 401]
    granted[:] = []
    assert ask("/api/plugins/open/rest/ping") == 401
    granted[:] = [Grant("http", "public", granted=False, paths=("/rest",))]
    assert ask("/api/plugins/open/rest/ping") == 401


def test_a_session_or_a_token_does_not_count_there(world: World, granted: list[Grant]) -> None:
    for headers in (
        {"cookie": world.session()},
        {"authorization": world.token(Scope.ADMIN)},
        {"authorization": "Bearer of another server"},
        {"authorization": "Basic YTpi"},
        {"cookie": world.session(), "sec-fetch-site": "cross-site", "origin": "https://player.example"},
    ):
        for method in ("GET", "POST"):
            answer = world.browser.ask(method, "/api/plugins/open/rest/ping", headers=headers)
            assert (answer.status, answer.json) == (200, NOBODY)


def test_players_may_be_pages_of_other_sites(world: World, granted: list[Grant]) -> None:
    answer = world.browser.ask("GET", "/api/plugins/open/rest/ping", headers={"origin": "https://player.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "sandbox" in answer.headers["content-security-policy"]
    asking = {"origin": "https://player.example", "access-control-request-method": "POST"}
    asked = world.browser.ask("OPTIONS", "/api/plugins/open/rest/ping", headers=asking)
    assert (asked.status, asked.headers["access-control-allow-methods"]) == (204, "*")
    assert world.browser.ask("OPTIONS", "/api/plugins/open/restricted/x", headers=asking).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "rest/failing", 502),
        ("GET", "rest/cover", 502),
        ("GET", "rest/a/b", 404),
        ("PUT", "rest/ping", 405),
        ("GET", "rest/ping\\..", 400),
        ("GET", "rest/ping", 429),
    ],
)
def test_players_that_are_pages_can_read_errors(
    world: World, granted: list[Grant], monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int
) -> None:
    if status == 429:
        monkeypatch.setattr(public, "AT_ONCE", 0)
    answer = world.browser.ask(method, f"/api/plugins/open/{path}", headers={"origin": "https://player.example"})
    assert (answer.status, answer.headers.get("access-control-allow-origin")) == (status, "*")
    assert answer.headers.get("retry-after", "1") == "1"


def test_how_the_plugin_failed_is_not_for_everybody(world: World, granted: list[Grant]) -> None:
    answer = world.browser.ask("GET", "/api/plugins/open/rest/failing")
    assert (answer.status, answer.json["detail"]) == (502, "the plugin does not answer")
    assert "inner detail" not in answer.text
    token = {"authorization": world.token(Scope.READ)}
    known = world.browser.ask("GET", "/api/plugins/open/restricted/failing", headers=token)
    assert "inner detail" in known.text


READS = Grant("library", "read", granted=True)


@pytest.mark.parametrize("what", ["cover", "song"])
def test_the_library_is_for_everybody_only_if_the_plugin_may_read_it(
    world: World, granted: list[Grant], caplog: pytest.LogCaptureFixture, what: str
) -> None:
    caplog.set_level(logging.INFO, "viewra.web")
    for grants in ([PUBLIC], [PUBLIC, attrs.evolve(READS, granted=False)]):
        granted[:] = grants
        caplog.clear()
        answer = world.browser.ask("GET", f"/api/plugins/open/rest/{what}")
        assert (answer.status, answer.json["detail"]) == (502, "the plugin does not answer")
        assert "for which it needs library:read" in caplog.text, "the operator learns why"
    granted[:] = [PUBLIC, READS]
    caplog.clear()
    world.browser.ask("GET", f"/api/plugins/open/rest/{what}")
    assert "library:read" not in caplog.text


def test_artwork_that_is_not_there_is_a_404(world: World, granted: list[Grant]) -> None:
    granted.append(READS)
    assert world.browser.ask("GET", "/api/plugins/open/rest/cover").status == 404


def test_one_client_has_its_pace_and_its_places(
    world: World, granted: list[Grant], monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = public.PublicRoutes(world.host)
    monkeypatch.setattr(world.site, "public", routes)
    monkeypatch.setattr(public, "BURST", 3.0)
    monkeypatch.setattr(public, "PER_S", 0.001)
    answers = [world.browser.ask("GET", "/api/plugins/open/rest/ping") for _ in range(5)]
    assert [one.status for one in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"
    with routes.place("2001:db8::1"):
        pass
    monkeypatch.setattr(public, "AT_ONCE", 1)
    with routes.place("2001:db8::1"), pytest.raises(Exception, match="too many"), routes.place("2001:db8::2"):
        pass
    with routes.place("2001:db8::3"):
        pass
