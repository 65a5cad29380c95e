"""Access by HTTP: who is let in, what a session needs besides its cookie, and what a browser is told."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web.conftest import PASSWORD, Served, serving
from viewra.web.accounts.accounts import csrf_of
from viewra.web.accounts.identity import Scope
from viewra.web.api.endpoints import ENDPOINTS, PREFIX
from viewra.web.site import Exposure

ENABLE = f"{PREFIX}/plugins/reader/load"


def signed_in(served: Served) -> str:
    """Sign in; returns the session's CSRF token, as the pages have it."""
    served.site.accounts.set_password(PASSWORD)
    answer = served.client.post("/admin/sign-in", data={"password": PASSWORD, "next": "/admin/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    return csrf_of(served.client.cookies["viewra_session"])


def test_nothing_answers_one_who_is_unknown(served: Served) -> None:
    others = [("GET", path) for path in ("/metrics", f"{PREFIX}/events", f"{PREFIX}/files/1/content")]
    asked = [(one.method, re.sub(r"\{\w+\}", "1", PREFIX + one.path)) for one in ENDPOINTS]
    for method, path in asked + others:
        answer = served.client.request(method, path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_does_what_its_scope_allows(served: Served) -> None:
    allowed = []
    for endpoint in (one for one in ENDPOINTS if one.method != "GET"):
        path = re.sub(r"\{\w+\}", "77", PREFIX + endpoint.path)
        for scope in Scope:
            answer = served.client.request(endpoint.method, path, headers=served.headers(scope))
            assert (answer.status_code == 403) is not scope.includes(endpoint.scope), (endpoint, scope, answer.text)
        allowed.append(endpoint.scope)
    assert Scope.READ not in allowed


def test_only_an_admin_makes_a_folder_a_library(served: Served) -> None:
    asked = {"path": str(served.folder)}
    answer = served.client.post(f"{PREFIX}/scans", json=asked, headers=served.headers(Scope.OPERATE))
    assert answer.status_code == 403
    assert "POST /api/v1/libraries" in answer.json()["hint"]
    assert served.client.post(f"{PREFIX}/scans", json=asked, headers=served.headers()).status_code == 202
    served.host.scans.close()


@pytest.mark.shipped
def test_the_environment_of_a_plugin_is_not_shown(served: Served) -> None:
    served.host.plugins["audio_tags"].runtime_settings.change({"env": {"KEY": "secret of the operator"}})
    served.host.plugins["audio_tags"].load()
    for path in ("plugins/audio_tags", "plugins/audio_tags/runtime", "plugins/audio_tags/settings", "plugins"):
        assert "secret of" not in served.client.get(f"{PREFIX}/{path}", headers=served.headers()).text


def test_a_wrong_token_is_not_a_session(served: Served) -> None:
    signed_in(served)
    answer = served.client.get(f"{PREFIX}/plugins", headers={"Authorization": "Bearer viewra_x_y"})
    assert answer.status_code == 401
    assert served.client.get(f"{PREFIX}/plugins").status_code == 200


def test_the_link_sets_the_password_and_signs_in(served: Served) -> None:
    link = served.site.accounts.new_link()
    page = served.client.get(f"/admin/setup?key={link}").text
    assert 'name="again"' in page
    form = {"key": link, "password": PASSWORD, "again": PASSWORD + "!"}
    assert "differ" in served.client.post("/admin/setup", data=form).text
    answer = served.client.post("/admin/setup", data={**form, "again": PASSWORD})
    assert answer.headers["location"] == "/admin/"
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/"))
    assert "secure" not in cookie
    assert served.client.get(f"{PREFIX}/plugins").status_code == 200
    served.client.cookies.clear()
    assert served.client.post("/admin/setup", data={**form, "again": PASSWORD}).status_code == 400
    assert 'name="again"' not in served.client.get(f"/admin/setup?key={link}").text


def test_by_https_the_cookie_is_secure(tmp_path: Path, quick_hosts: None) -> None:
    with serving(tmp_path / "music", tmp_path / "data", Exposure(secure=True)) as served:
        served.client.base_url = "https://localhost"
        served.site.accounts.set_password(PASSWORD)
        answer = served.client.post("/admin/sign-in", data={"password": PASSWORD})
        assert answer.headers["set-cookie"].startswith("__Host-viewra_session=")
        assert "; secure" in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"]


def test_a_session_needs_the_token_of_its_pages(served: Served) -> None:
    token = signed_in(served)
    assert served.client.post(ENABLE).status_code == 403
    assert served.client.post(ENABLE, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert served.client.post(ENABLE, headers={b"x-csrf-token": b"\xe9"}).status_code == 403
    assert served.client.post(ENABLE, headers={"X-CSRF-Token": token}).status_code == 200
    assert served.client.post("/admin/sign-out", data={"csrf_token": "x"}).status_code == 403
    session = served.client.cookies["viewra_session"]
    assert served.client.post("/admin/sign-out", data={"csrf_token": token}).status_code == 303
    served.client.cookies.set("viewra_session", session)
    assert served.client.get(f"{PREFIX}/plugins").status_code == 401


def test_another_site_changes_nothing(served: Served) -> None:
    token = signed_in(served)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8097"},
    ):
        assert served.client.post(ENABLE, headers={"X-CSRF-Token": token, **headers}).status_code == 403, headers
        form = {"password": PASSWORD}
        assert served.client.post("/admin/sign-in", data=form, headers=headers).status_code == 403, headers


def test_its_own_pages_are_no_other_site(served: Served) -> None:
    token = signed_in(served)
    for headers in ({"Origin": "http://localhost:8096"}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://x"}):
        assert served.client.post(ENABLE, headers={"X-CSRF-Token": token, **headers}).status_code == 200


def test_guessing_has_an_end(served: Served) -> None:
    served.site.accounts.set_password(PASSWORD)
    answers = [served.client.post("/admin/sign-in", data={"password": "wrong"}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]
    assert answers[-1].headers["retry-after"] == "5"
    assert served.client.post("/admin/sign-in", data={"password": PASSWORD}).status_code == 429


def test_a_sign_in_leads_to_this_site_only(served: Served) -> None:
    served.site.accounts.set_password(PASSWORD)
    for goal, where in (
        ("/admin/plugins", "/admin/plugins"),
        ("//evil.example/admin/", "/admin/"),
        ("https://evil.example/admin/", "/admin/"),
        ("/admin/\\evil.example", "/admin/"),
        ("/admin/\r\nX: y", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("/other", "/admin/"),
    ):
        served.client.cookies.clear()
        answer = served.client.post("/admin/sign-in", data={"password": PASSWORD, "next": goal})
        assert answer.headers["location"] == where


def test_a_sign_in_leads_back_to_what_was_asked_for(served: Served) -> None:
    served.site.accounts.set_password(PASSWORD)
    asked = "/admin/search?q=artist%3Abach%26co&x=%C3%A9"
    shown = served.client.get(served.client.get(asked).headers["location"])
    form = re.search(r'name="next" value="([^"]*)"', shown.text)
    assert form is not None
    answer = served.client.post("/admin/sign-in", data={"password": PASSWORD, "next": html.unescape(form[1])})
    assert answer.headers["location"] == asked


@pytest.fixture
def at_home(tmp_path: Path, quick_hosts: None) -> Iterator[Served]:
    with serving(tmp_path / "music", tmp_path / "data", Exposure(hosts=frozenset({"localhost", "::1"}))) as one:
        yield one


def test_only_requests_by_its_own_names_are_answered(at_home: Served) -> None:
    for name in ("localhost", "localhost:8096", "LOCALHOST", "[::1]:8096", "[::1]"):
        assert at_home.client.get("/healthz", headers={"Host": name}).status_code == 200, name
    for name in ("evil.example", "localhost.evil.example", "evil.example:8096", "", "localhost:x"):
        assert at_home.client.get("/healthz", headers={"Host": name}).status_code == 421, name
    bare = at_home.client.build_request("GET", "/healthz")
    del bare.headers["Host"]  # HTTP/1.0
    assert at_home.client.send(bare).status_code == 200


def test_browsers_are_bound(served: Served) -> None:
    for path in ("/healthz", "/admin/sign-in", f"{PREFIX}/openapi.json", "/nowhere", "/admin/nowhere"):
        headers = served.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_pages_contain_no_script_and_no_style_of_their_own(served: Served) -> None:
    for path in ("/admin/sign-in", f"/admin/setup?key={served.site.accounts.new_link()}", "/admin/nowhere"):
        page = served.client.get(path).text
        assert not re.search(r"<script(?! src)|<style|\son\w+=|\sstyle=|javascript:", page), page


def test_a_large_form_is_refused(served: Served) -> None:
    signed_in(served)
    assert served.client.post("/admin/sign-out", data={"x": "y" * 2_000_000}).status_code == 413
