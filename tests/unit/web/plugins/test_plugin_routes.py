"""Requests to plugins' routes through the whole site: what passes, what does not, and who is told what."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.unit.web.plugins.conftest import Open, World
from tests.unit.web.plugins.driving import Browser
from tests.unit.web.plugins.shelf import Mute, Old, Shelf
from viewra.web.accounts.identity import Scope
from viewra.web.site import CHANGES


def test_a_request_reaches_its_handler_without_what_is_the_hosts(browser: Browser) -> None:
    headers = {
        "Cookie": "viewra_session=x",
        "X-CSRF-Token": "y",
        "X-Forwarded-For": "1.2.3.4",
        "Forwarded": "for=1.2.3.4",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "1",
        "TE": "trailers",
        "Proxy-Authorization": "z",
        "X-Mine": "é",
        "Accept": "text/html",
    }
    answer = browser.ask("GET", "/api/plugins/shelf/seen/a%20%C3%A9?q=%20&r", headers=headers)
    assert answer.status == 200
    assert answer.json == {
        "name": "a é",
        "query": "q=%20&r",
        "headers": {"host": "viewra.test", "x-mine": "é", "accept": "text/html"},
        "scope": "admin",
    }
    assert answer.headers["content-length"] == str(len(answer.body))


def test_only_who_may_reaches_a_plugin(world: World, browser: Browser) -> None:
    def ask(method: str, path: str, **who: str) -> int:
        return browser.ask(method, f"/api/plugins/shelf{path}", headers={"authorization": "", **who}).status

    reader, operator = world.token(Scope.READ), world.token(Scope.OPERATE)
    answer = browser.ask("GET", "/api/plugins/shelf/seen/a", headers={"authorization": reader})
    assert answer.json["scope"] == "read"
    assert ask("POST", "/early", authorization=reader) == 403
    assert ask("POST", "/early", authorization=operator) == 200
    del browser.headers["authorization"]
    try:
        assert browser.ask("GET", "/api/plugins/shelf/seen/a").status == 401
        session = {"cookie": world.session()}
        assert browser.ask("GET", "/api/plugins/shelf/seen/a", headers=session).status == 200
        assert browser.ask("POST", "/api/plugins/shelf/early", headers=session).status == 403  # no CSRF token
    finally:
        browser.headers["authorization"] = world.token(Scope.ADMIN)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/plugins/nobody/a", 404, "there is no plugin nobody"),
        ("GET", "/api/plugins/shelf/nothing", 404, "no route at /nothing"),
        ("GET", "/api/plugins/shelf/", 404, "no route at /"),
        ("DELETE", "/api/plugins/shelf/seen/a", 405, "allows GET, HEAD"),
        ("GET", "/api/plugins/shelf/seen/%ff", 400, "not UTF-8"),
        ("GET", "/api/plugins/shelf/seen/..", 400, "lead elsewhere"),
        ("GET", "/api/plugins/shelf/seen/%2e%2e", 400, "lead elsewhere"),
        ("GET", "/api/plugins/shelf/seen/a%00", 400, "lead elsewhere"),
        ("GET", "/api/plugins/shelf/fail", 502, "no such shelf"),
        ("GET", "/api/plugins/shelf/say/inject", 502, "headers"),
        ("GET", "/api/plugins/shelf/say/away", 502, "redirects to /api/v1/plugins/shelf/disable"),
        ("GET", "/api/plugins/shelf/say/file", 502, "the media file 9, which the library does not have"),
        ("GET", "/api/plugins/shelf/say/asset", 502, "the asset a1"),
        ("GET", "/api/plugins/shelf/say/teapot", 418, ""),
    ],
)
def test_each_failure_has_its_status(browser: Browser, method: str, path: str, status: int, said: str) -> None:
    answer = browser.ask(method, path)
    assert answer.status == status
    if said:
        assert answer.headers["content-type"] == "application/problem+json"
        assert said in answer.json["detail"]
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD"


def test_a_response_keeps_its_own_headers_and_loses_the_hosts(browser: Browser) -> None:
    cookie = browser.ask("GET", "/api/plugins/shelf/say/cookie").headers
    assert cookie["x-own"] == "1"
    assert not {"set-cookie", "hx-redirect"} & cookie.keys()
    policy = browser.ask("GET", "/api/plugins/shelf/say/policy").headers
    assert policy["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert policy["cache-control"] == "private, max-age=5"
    length = browser.ask("GET", "/api/plugins/shelf/say/length")
    assert (length.headers["content-length"], length.body, length.whole) == ("1", b"x", True)
    assert "transfer-encoding" not in length.headers
    assert browser.ask("GET", "/api/plugins/shelf/say/own").headers["location"] == "/api/plugins/shelf/say/none"


def test_html_of_a_route_cannot_act(browser: Browser) -> None:
    headers = browser.ask("GET", "/api/plugins/shelf/say/html").headers
    assert "sandbox;" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_head_and_no_content_have_no_body(browser: Browser) -> None:
    assert browser.ask("HEAD", "/api/plugins/shelf/say/html").body == b""
    nothing = browser.ask("GET", "/api/plugins/shelf/say/none")
    assert (nothing.status, nothing.body, "content-length" in nothing.headers) == (204, b"", False)


@pytest.mark.parametrize("size", [0, 10, 200_000, 3_000_000])
@pytest.mark.parametrize("whole", [True, False], ids=["stated", "chunked"])
def test_a_body_passes_both_ways(browser: Browser, size: int, whole: bool) -> None:
    body = b"x" * size
    sent = body if whole else [body[at : at + 70_000] for at in range(0, size, 70_000)]
    answer = browser.ask("POST", "/api/plugins/shelf/echo", body=sent)
    assert (answer.status, answer.body == body, answer.whole) == (200, True, True)


def test_a_body_passes_as_it_arrives(browser: Browser) -> None:
    come = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        come.wait(60)
        yield b"second"

    answer = browser.begin("POST", "/api/plugins/shelf/echo", body=pieces())
    come.set()
    assert answer.result(60).body == b"firstsecond"


def test_a_body_that_is_too_large(open_site: Open) -> None:
    browser = open_site(Shelf(), body_bytes=100_000).browser
    stated = browser.ask("POST", "/api/plugins/shelf/count", body=b"x" * 100_001)
    assert (stated.status, "at most 100,000 bytes" in stated.json["detail"]) == (413, True)
    endless = browser.ask("POST", "/api/plugins/shelf/count", body=iter(lambda: b"x" * 10_000, None))
    assert endless.status == 413
    assert browser.ask("POST", "/api/plugins/shelf/count", body=[b"x" * 50_000] * 2).status == 502  # int: no Response


def test_a_response_that_fails_midway_is_seen_to_be_cut_off(browser: Browser) -> None:
    answer = browser.ask("GET", "/api/plugins/shelf/fail-later")
    assert (answer.status, answer.body, answer.whole) == (200, b"begun ", False)


def test_a_media_file_is_sent_by_the_host(world: World, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    song = tmp_path / "music" / "song.txt.mp3"
    song.write_bytes(bytes(range(256)))
    world.host.scan(tmp_path / "music")
    shelf.media = world.host.library.files().items[0].id
    whole = world.browser.ask("GET", "/api/plugins/shelf/say/file")
    assert (whole.status, whole.body) == (200, song.read_bytes())
    assert whole.headers["content-type"] == "audio/mpeg"
    assert "sandbox" in whole.headers["content-security-policy"]
    part = world.browser.ask("GET", "/api/plugins/shelf/say/file", headers={"range": "bytes=10-19"})
    assert (part.status, part.body, part.headers["content-range"]) == (206, bytes(range(10, 20)), "bytes 10-19/256")
    known = world.browser.ask("GET", "/api/plugins/shelf/say/file", headers={"if-none-match": whole.headers["etag"]})
    assert (known.status, known.body) == (304, b"")
    assert known.headers["content-security-policy"] == whole.headers["content-security-policy"]
    song.unlink()
    assert world.browser.ask("GET", "/api/plugins/shelf/say/file").status == 502


def test_a_plugin_without_http_says_why(open_site: Open) -> None:
    old = Old()
    world = open_site(old)
    eventually(lambda: world.site.declared.pages(), "it is asked")
    assert old.base_path == "/admin/plugins/old"
    entry = world.site.declared.pages()[0]
    assert (entry.href, entry.available) == ("/admin/plugins/old/a", False)
    assert "has no viewra.v1.HttpService" in entry.reason
    for path in ("/api/plugins/old/stats", "/admin/plugins/old/a"):
        answer = world.browser.ask("GET", path)
        assert (answer.status, "has no viewra.v1.HttpService" in answer.text) == (501, True)


def test_a_plugin_that_does_not_say_its_routes_holds_up_no_other(open_site: Open) -> None:
    mute = Mute()
    world = open_site(mute, Shelf())
    waiting = [world.browser.begin("GET", "/api/plugins/mute/x") for _ in range(CHANGES + 1)]
    assert world.browser.ask("GET", "/api/plugins/shelf/seen/a").status == 200
    assert not any(one.done() for one in waiting)
    mute.may.set()
    assert {one.result(60).status for one in waiting} == {501}  # it has no handlers


def test_a_plugin_that_is_gone_is_not_found(world: World, shelf: Shelf) -> None:  # the last one
    world.host.unregister(shelf)
    assert world.browser.ask("GET", "/api/plugins/shelf/seen/a").status == 404
    assert world.site.declared.pages() == []
