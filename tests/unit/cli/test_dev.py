"""What ``viewra plugins dev`` shows an author, and the pages and routes that it serves meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import httpx2
import pytest
from click.testing import CliRunner

from viewra import Host
from viewra.authoring.trial import Trial
from viewra.authoring.workshop import Workshop
from viewra.cli._dev_site import GRACE_S, DevSite
from viewra.cli._main import group
from viewra.cli._plugins_dev import Screen
from viewra.errors import PluginUnavailable, ViewraError
from viewra.sdk import Plugin
from viewra.sdk.http import Request, page, route
from viewra.web.accounts import hashing

TRIAL = Trial((), 0, 0.0, 0, (), None, None, None, None)


class Visits(Plugin):
    """Has a page and two routes."""

    @page("/all", "Visits")
    def overview(self, request: Request) -> str:
        return f"<p>for {request.scope}"

    @route("POST", "/visits")
    def visit(self, request: Request) -> None:
        """Count one."""

    @route("GET", "/visits")
    def visits(self, request: Request) -> dict[str, str]:
        return {"scope": request.scope}


@pytest.fixture
def workshop(tmp_path: Path, quick_hosts: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    del quick_hosts
    monkeypatch.setattr(hashing, "PASSWORD", hashing.Cost(4, 8, 1))
    with Host(data_dir=tmp_path / "data", sandbox="off", watch=False) as host:
        yield Workshop(host, host.register(Visits()), tmp_path, tmp_path)


def test_what_is_shown_is_what_works(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = workshop.plugin
    assert plugin.admin_page is not None
    with Screen(workshop) as screen:
        screen.tried(attrs.evolve(TRIAL, pages=plugin.admin_page.get_admin_pages()))
        shown = capsys.readouterr().out
        screen.tried(attrs.evolve(TRIAL, pages=plugin.admin_page.get_admin_pages()))
        assert capsys.readouterr().out == shown, "one site serves until the end"
        words = shown.split()
        address, password = words[words.index("Visits:") + 1], words[words.index("password") + 1]
        curl = next(line for line in shown.splitlines() if "curl" in line)
        header, url = curl.split('"')[1], curl.split()[-1]
        assert f"route POST {url}" in shown
        name, _, value = header.partition(": ")
        assert httpx2.get(url, headers={name: value}).json() == {"scope": "admin"}
        assert httpx2.get(url).status_code == 401
        with httpx2.Client(follow_redirects=True) as browser:
            asked = browser.get(address)
            assert asked.url.path == "/admin/sign-in"
            data = {"password": password, "next": asked.url.params["next"]}
            origin = {"Origin": address.partition("/admin")[0]}
            assert browser.post(asked.url, data=data, headers=origin).url == address
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_plugin_without_pages_is_not_served(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(workshop) as screen:
        screen.tried(TRIAL)
    assert "http" not in capsys.readouterr().out


def test_a_port_that_is_taken(workshop: Workshop) -> None:
    site = DevSite.start(workshop.host, 0)
    try:
        with pytest.raises(ViewraError, match="cannot listen on 127"):
            DevSite.start(workshop.host, int(site.url.rpartition(":")[2]))
    finally:
        site.close()


def test_a_port_that_is_taken_is_refused_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(group, ["plugins", "dev", "nowhere", "--port", port], standalone_mode=False)
    assert isinstance(done.exception, ViewraError)
    assert done.exception.message == f"cannot listen on 127.0.0.1 port {port}: Address already in use"


def test_a_browser_stays_signed_in_to_several(workshop: Workshop, tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "other", sandbox="off", watch=False) as other:
        sites = [DevSite.start(host, 0) for host in (workshop.host, other)]
        try:
            with httpx2.Client(follow_redirects=True) as browser:
                for site in sites:
                    form = {"password": site.password, "next": "/admin/"}
                    browser.post(f"{site.url}/admin/sign-in", data=form, headers={"Origin": site.url})
                assert [browser.get(f"{site.url}/admin/").url.path for site in sites] == ["/admin/", "/admin/"]
        finally:
            for site in sites:
                site.close()


class Hanging(Plugin):
    """Does not answer before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may = threading.Event(), threading.Event()

    @route("GET", "/hang")
    def hang(self, request: Request) -> dict[str, str]:
        del request
        self.asked.set()
        self.may.wait(60)
        return {}


def test_a_request_that_hangs_is_cut_off_at_the_end(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    author = Hanging()
    plugin = workshop.host.register(author)
    site = DevSite.start(workshop.host, 0)
    (asked,) = site.declared(plugin).routes
    with ThreadPoolExecutor() as pool:
        headers = {"Authorization": f"Bearer {site.token}"}
        answer = pool.submit(httpx2.get, site.url_of(plugin, asked), headers=headers, timeout=60)
        assert author.asked.wait(60)
        site.close()
        author.may.set()
        assert answer.result(60).status_code == 503
    assert site._server.config.timeout_graceful_shutdown == GRACE_S < 5
    assert caplog.messages == []


def test_a_remedy_reaches_the_throw_away_host(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    beside = f"viewra --data-dir {workshop.data_dir} plugins"
    for hint, shown in {
        "viewra plugins restart visits, if that is meant": f"{beside} restart visits, if that is meant",
        "see viewra plugins info visits": f"see {beside} info visits",
        "viewra plugins check DIR": "viewra plugins check DIR",
    }.items():
        Screen(workshop).failed(workshop.plugin, PluginUnavailable("visits", "x", hint=hint), None)
        assert f"  {shown}\n" in capsys.readouterr().out
