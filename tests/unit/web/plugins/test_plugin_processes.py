"""Plugins in processes of their own behind the site: dying in a request, being replaced, stopping."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MakePlugin
from tests.eventually import eventually
from tests.unit.web.plugins.driving import Browser, browsing
from viewra import Host
from viewra.web.accounts.identity import Scope
from viewra.web.app import build
from viewra.web.site import Site

pytestmark = pytest.mark.process

CODE = """
import os, time
from pathlib import Path
from viewra.sdk import Plugin, serve
from viewra.sdk.http import route

class Frail(Plugin):
    @route("GET", "/version")
    def version(self, request):
        return {"version": 1}

    @route("GET", "/slow")
    def slow(self, request):
        for part in range(4):
            time.sleep(0.05)
            yield "1"

    @route("GET", "/die-once")
    def die_once(self, request):
        died = Path(self.context.plugin_base_path, "died")
        if died.exists():
            return "alive"
        died.touch()
        os._exit(3)

    @route("POST", "/die-once")
    def die_writing(self, request):
        os._exit(3)

    @route("GET", "/die-later")
    def die_later(self, request):
        yield "begun "
        time.sleep(0.5)  # until it was passed on
        os._exit(3)

serve(Frail())
"""


LATE = """
from viewra.sdk import Plugin, serve
from viewra.sdk.http import page

class Late(Plugin):
    @page("/", "Late")
    def late(self, request):
        return ""

serve(Late())
"""


@pytest.fixture
def served(make_plugin: MakePlugin, tmp_path: Path, quick_hosts: None) -> Iterator[tuple[Browser, Host, Path]]:
    restart = "runtime: restart: max: 50"
    folder = make_plugin("frail", CODE, capabilities=("api_registration",), extra=restart)
    with Host(plugin_dirs=[folder.parent], data_dir=tmp_path / "data", sandbox="off") as host:
        host.plugins["frail"].enable()
        host.plugins["frail"].load()
        site = Site(host)
        with browsing(build(site)) as browser:
            browser.headers["authorization"] = f"Bearer {site.accounts.tokens.create('a', Scope.ADMIN).token}"
            yield browser, host, folder


def test_a_process_that_dies_fails_its_own_request_and_is_there_for_the_next(
    served: tuple[Browser, Host, Path],
) -> None:
    browser, _, _ = served
    later = browser.ask("GET", "/api/plugins/frail/die-later")
    assert (later.status, later.body, later.whole) == (200, b"begun ", False)
    written = browser.ask("POST", "/api/plugins/frail/die-once")
    assert (written.status, "its process ended" in written.json["detail"]) == (502, True)
    assert browser.ask("GET", "/api/plugins/frail/die-once").body == b"alive"  # asked once more, as it only reads
    assert browser.ask("GET", "/api/plugins/frail/version").json == {"version": 1}


def test_no_request_is_lost_when_the_code_changes(served: tuple[Browser, Host, Path]) -> None:
    browser, _, folder = served
    stop = threading.Event()
    wrong: list[object] = []
    versions: set[int] = set()

    def ask() -> None:
        while not stop.is_set():
            one = browser.ask("GET", "/api/plugins/frail/version")
            slow = browser.ask("GET", "/api/plugins/frail/slow")
            if (one.status, slow.status, slow.body, slow.whole) != (200, 200, b"1111", True):
                wrong.append((one, slow))
            else:
                versions.add(one.json["version"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    (folder / "main.py").write_text(CODE.replace('"version": 1', '"version": 2').lstrip())
    eventually(lambda: 2 in versions or wrong, "the new code answers")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert versions == {1, 2}


def test_a_plugin_that_is_disabled_says_so(served: tuple[Browser, Host, Path]) -> None:
    browser, host, _ = served
    assert browser.ask("GET", "/api/plugins/frail/version").status == 200
    host.plugins["frail"].disable()
    answer = browser.ask("GET", "/api/plugins/frail/version")
    assert (answer.status, "the plugin is disabled" in answer.json["detail"]) == (503, True)
    host.plugins["frail"].enable()
    assert browser.ask("GET", "/api/plugins/frail/version").status == 200


def test_a_plugin_that_is_enabled_later_is_asked(make_plugin: MakePlugin, tmp_path: Path, quick_hosts: None) -> None:
    folder = make_plugin("late", LATE, capabilities=("admin_page",))
    with Host(plugin_dirs=[folder.parent], data_dir=tmp_path / "data", sandbox="off") as host:
        site = Site(host)
        with browsing(build(site)):
            assert site.declared.pages() == []
            host.plugins["late"].enable()
            eventually(site.declared.pages, "its page is known")
            assert site.declared.pages()[0].available


def test_a_version_that_does_not_run_yet_has_its_own_routes(served: tuple[Browser, Host, Path]) -> None:
    browser, host, folder = served
    assert browser.ask("GET", "/api/plugins/frail/version").status == 200
    plugin = host.plugins["frail"]
    plugin.disable()
    assert browser.ask("GET", "/api/plugins/frail/version").status == 503
    (folder / "main.py").write_text(CODE.replace('"/version"', '"/renamed"').lstrip())
    plugin.enable()
    plugin.reload()
    assert plugin.pid is None
    assert browser.ask("GET", "/api/plugins/frail/renamed").json == {"version": 1}
    assert browser.ask("GET", "/api/plugins/frail/version").status == 404
