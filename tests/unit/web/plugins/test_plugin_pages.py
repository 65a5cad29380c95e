"""Pages of plugins: in a sandbox with a key instead of a session, or as a fragment that cannot act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.unit.web.plugins.conftest import World, world_of
from tests.unit.web.plugins.driving import Browser
from tests.unit.web.plugins.shelf import Pages
from viewra.web.accounts.identity import Identity, Scope
from viewra.web.plugins import keys
from viewra.web.plugins.keys import PageKeys

OVERVIEW = "/admin/plugins/pages/overview"


@pytest.fixture(scope="module")
def world(fresh_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(fresh_database, tmp_path_factory.mktemp("site"), Pages(), Pages("other")) as world:
        eventually(lambda: len(world.site.declared.pages()) == 8, "all are asked")
        yield world


@pytest.fixture
def browser(world: World) -> Iterator[Browser]:
    """A browser with a session."""
    kept = dict(world.browser.headers)
    world.browser.headers.clear()
    world.browser.headers["cookie"] = world.session()
    yield world.browser
    world.browser.headers.clear()
    world.browser.headers.update(kept)


def source(browser: Browser, url: str = OVERVIEW) -> str:
    """The address of the page in the frame."""
    found = re.search(r'<iframe[^>]* src="([^"]+)"', browser.ask("GET", url).text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def in_sandbox(browser: Browser) -> Browser:
    """As a page in its sandbox asks: its origin is no origin, and it has no session."""
    browser.headers.clear()
    browser.headers["origin"] = "null"
    browser.headers["sec-fetch-site"] = "cross-site"
    return browser


def test_the_menu_has_each_plugins_pages(world: World) -> None:
    own = [page for page in world.site.declared.pages() if page.plugin_id == "pages"]
    assert [(page.id, page.title, page.href, page.kind, page.available) for page in own] == [
        ("overview", "Overview <b>", OVERVIEW, "frame", True),
        ("figures", "Figures", "/admin/plugins/pages/figures", "fragment", True),
        ("long", "Long", "/admin/plugins/pages/long", "fragment", True),
        ("gone", "Gone", "/admin/plugins/pages/gone", "fragment", True),
    ]


def test_the_hosts_page_has_the_plugins_in_a_sandbox(browser: Browser) -> None:
    text = browser.ask("GET", f"{OVERVIEW}?tab=2").text
    assert "Overview &lt;b&gt;" in text
    assert 'sandbox="allow-scripts allow-forms allow-downloads"' in text
    assert "allow-same-origin" not in text
    assert re.search(r'src="/admin/plugins/pages/-/[\w-]{32}/overview\?tab=2"', text)


def test_a_page_in_its_sandbox_loads_and_sends_without_a_session(world: World, browser: Browser) -> None:
    url = source(browser)
    base = url.removesuffix("/overview")
    in_sandbox(browser)
    first = browser.ask("GET", url, headers={"cookie": "viewra_session=stolen"})
    assert f"src='{base}/code.js'" in first.text
    assert f"data-from='{base}/_api/data' data-cookie='None'" in first.text
    assert "GET admin " in first.text
    assert f'<link rel="stylesheet" href="{base}/_viewra.css">' in first.text
    style = browser.ask("GET", f"{base}/_viewra.css")
    assert (style.headers["content-type"], "prefers-color-scheme" in style.text) == ("text/css; charset=utf-8", True)
    assert browser.ask("GET", f"{base}/code.js").headers["content-type"] == "text/javascript"
    sent = browser.ask("POST", url, body=b"a=1", headers={"content-type": "application/x-www-form-urlencoded"})
    assert "POST admin " in sent.text
    assert browser.ask("GET", f"{base}/_api/data").json == {"scope": "admin"}
    assert browser.ask("POST", f"{base}/_api/data", body=b"x").json == {"stored": "x"}
    assert browser.ask("GET", f"{base}/_api/nothing").status == 404
    assert browser.ask("DELETE", f"{base}/_api/data").headers["allow"] == "GET, HEAD, POST"
    assert browser.ask("GET", f"{base}/nothing").text == "there is nothing at this path"


def test_what_a_page_in_its_sandbox_may_do(browser: Browser) -> None:
    url = source(browser)
    base = "http://viewra.test" + url.removesuffix("/overview") + "/"
    headers = in_sandbox(browser).ask("GET", url).headers
    policy = dict(rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";"))
    assert policy["sandbox"] == "allow-scripts allow-forms allow-downloads"
    assert policy["connect-src"] == policy["form-action"] == base
    assert policy["default-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert headers["access-control-allow-origin"] == "null"
    assert headers["referrer-policy"] == "no-referrer"
    asked = browser.ask("OPTIONS", url, headers={"access-control-request-method": "PUT"})
    assert (asked.status, asked.headers["access-control-allow-methods"]) == (204, "*")


def test_a_strange_name_of_the_host_does_not_get_into_the_policy(browser: Browser) -> None:
    url = source(browser)
    headers = in_sandbox(browser).ask("GET", url, headers={"host": "evil;script-src *"}).headers
    assert "evil" not in headers["content-security-policy"]


@pytest.mark.parametrize("change", ["key", "plugin", "signed out"])
def test_a_key_opens_one_plugins_pages_for_one_session(world: World, browser: Browser, change: str) -> None:
    url = source(browser)
    session = browser.headers["cookie"].partition("=")[2]
    in_sandbox(browser)
    if change == "key":
        url = url.replace("/-/", "/-/x")
    elif change == "plugin":
        url = url.replace("/pages/", "/other/")
    else:
        assert browser.ask("GET", url).status == 200
        world.site.accounts.sign_out(session)
    answer = browser.ask("GET", url)
    assert (answer.status, "open it again" in answer.text) == (403, True)
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_key_is_as_good_as_the_token_that_asked(world: World, browser: Browser) -> None:
    del browser.headers["cookie"]
    browser.headers["authorization"] = world.token(Scope.READ)
    url = source(browser)
    in_sandbox(browser)
    assert "GET read " in browser.ask("GET", url).text
    assert browser.ask("POST", url, body=b"x").status == 403


def test_without_a_session_there_is_no_page(browser: Browser) -> None:
    browser.headers.clear()
    assert browser.ask("GET", OVERVIEW).headers["location"].startswith("/admin/sign-in")


@pytest.mark.parametrize("path", ["/nothing", "/code.js", "/overview/..", "/-/"])
def test_only_declared_pages_are_there(browser: Browser, path: str) -> None:
    assert browser.ask("GET", f"/admin/plugins/pages{path}").status in {400, 404}


def test_a_fragment_is_cleaned(browser: Browser) -> None:
    text = browser.ask("GET", "/admin/plugins/pages/figures", headers={"hx-request": "true"}).text
    for harmless in ("<h2>Three</h2>", "htmx", 'href="/admin/plugins/pages/overview"', 'href="https://example.org/"'):
        assert harmless in text
    assert '<meter value="3" max="5">' in text
    assert '<img src="/api/plugins/pages/a.png">' in text
    for harm in ("script", "alert", "style", "form", "button", "iframe", "onclick", "onerror", "class=", "id=", "hx-"):
        assert harm not in text.replace("noreferrer", "")
    for elsewhere in ("/api/v1", "javascript", "//evil", "sign-out", "a.png'", "example.org/a.png"):
        assert elsewhere not in text
    whole = browser.ask("GET", "/admin/plugins/pages/figures").text
    assert "<!doctype html>" in whole
    assert "<h2>Three</h2>" in whole


@pytest.mark.parametrize(("path", "said"), [("long", "more than 1,048,576 bytes"), ("gone", "status 404, text/plain")])
def test_a_fragment_that_cannot_be_one(browser: Browser, path: str, said: str) -> None:
    answer = browser.ask("GET", f"/admin/plugins/pages/{path}")
    assert (answer.status, said in answer.text) == (502, True)


# ---- keys ----

WHO = Identity("session", "admin", Scope.ADMIN)
TOKEN = Identity("token", "t", Scope.READ)


def test_keys_end_with_what_they_were_made_for() -> None:
    now = 0.0
    page_keys = PageKeys(now=lambda: now)
    sessions = {"s": WHO}
    key = page_keys.key("p", "s", WHO)
    assert page_keys.key("p", "s", WHO) == key
    assert page_keys.holder("p", key, sessions.get) == WHO
    assert page_keys.holder("q", key, sessions.get) is None
    sessions.clear()
    assert page_keys.holder("p", key, sessions.get) is None
    sessions["s"] = WHO
    assert page_keys.holder("p", key, sessions.get) is None
    assert page_keys.key("p", "s", WHO) != key
    of_token = page_keys.key("p", "", TOKEN)
    now = keys.LASTS_S - 1
    assert page_keys.holder("p", of_token, sessions.get) == TOKEN
    now += keys.LASTS_S
    assert page_keys.holder("p", of_token, sessions.get) is None


def test_the_oldest_key_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KEPT", 2)
    page_keys = PageKeys()
    made = [page_keys.key("p", session, WHO) for session in "abc"]
    assert [page_keys.holder("p", key, lambda _: WHO) for key in made] == [None, WHO, WHO]
