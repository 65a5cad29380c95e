"""A plugin written in Go answers HTTP requests with net/http handlers, through the helper of the templates."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewra import Host
from viewra.adapters.http import HttpClient
from viewra.errors import PluginFault
from viewra.host.admin.setting_operations import configure
from viewra.host.plugin import Plugin
from viewra.routes import Table
from viewra.types import AdminPage, Area, RequestHead, RequestPart, ResponseHead

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

MANIFEST = """
id: "web_plugin"
name: "Web"
version: "1.0.0"
type: "generic"
entry_points: main: "go-plugin"
capabilities: {api_registration: true, admin_page: true}
settings: site: string | *"first"
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory, go_programs: Path, fresh_database: Path) -> Iterator[Plugin]:
    folder = tmp_path_factory.mktemp("web")
    directory = folder / "plugins" / "web_plugin"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    shutil.copy2(go_programs / "webplugin", directory / "go-plugin")
    (folder / "data").mkdir(mode=0o700)
    shutil.copy(fresh_database, folder / "data")
    with Host(plugin_dirs=[folder / "plugins"], data_dir=folder / "data", watch=False) as host:
        host.plugins["web_plugin"].enable()
        host.plugins["web_plugin"].load()
        yield host.plugins["web_plugin"]


def ask(http: HttpClient, method: str, path: str, body: bytes = b"", **more: object) -> tuple[ResponseHead, bytes]:
    with http.open(RequestHead(method, path, **more), body=body, most_s=20) as exchange:  # type: ignore[arg-type]
        first = exchange.receive(20)
        assert first is not None
        assert first.head is not None
        return first.head, first.body + b"".join(part.body for part in iter(lambda: exchange.receive(20), None))


def test_what_it_declares_is_found(plugin: Plugin) -> None:
    assert plugin.http.available
    assert plugin.api_registration is not None
    assert plugin.admin_page is not None
    routes = plugin.api_registration.get_registered_routes()
    found = Table((route.method, route.path, route) for route in routes).find("GET", "/books/a")
    assert found is not None
    assert found.target is not None
    assert found.target.description == "One book"
    assert plugin.admin_page.get_admin_pages() == (AdminPage("shelf", "Shelf", "/shelf", type="dashboard"),)


def test_its_handlers_answer(plugin: Plugin) -> None:
    head, body = ask(plugin.http, "GET", "/books/a b", query="q=1&r", scope="operate")
    assert (head.status, body) == (200, b'{"q":"q=1\\u0026r","title":"a b"}\n')
    assert dict(head.headers) == {"x-scope": "operate", "content-type": "application/json"}
    assert ask(plugin.http, "GET", "/nothing")[0].status == 404
    assert ask(plugin.http, "POST", "/books/a")[0].status == 405
    assert ask(plugin.http, "GET", "/large")[1] == bytes(200_000)
    assert ask(plugin.http, "GET", "/media")[0].media_file_id == 7
    page = ask(plugin.http, "GET", "/shelf", area=Area.PAGE, base_path="/admin/plugins/web_plugin")
    assert page[1] == b"<p>/shelf of /admin/plugins/web_plugin</p>"


def test_bodies_pass_both_ways_as_they_arrive(plugin: Plugin) -> None:
    assert ask(plugin.http, "POST", "/echo", b"x" * 300)[1] == b"x" * 300
    with plugin.http.open(RequestHead("POST", "/echo"), body=None, most_s=20) as exchange:
        assert exchange.receive(20) is not None
        for word in (b"a", b"b"):
            exchange.send(RequestPart(body=word), 20)
            assert exchange.receive(20).body == word  # type: ignore[union-attr]
        exchange.send(RequestPart(last=True), 20)
        assert [part.last for part in iter(lambda: exchange.receive(20), None)][-1]


def test_a_request_that_is_cut_off_and_a_panic_are_faults(plugin: Plugin) -> None:
    with pytest.raises(PluginFault, match="the handler panicked: no such shelf"):
        ask(plugin.http, "GET", "/panic")
    with plugin.http.open(RequestHead("POST", "/echo"), body=None, most_s=20) as exchange:
        exchange.send(RequestPart(body=b"a"), 20)
        exchange.finish()
        with pytest.raises(PluginFault, match="unexpected EOF"):
            list(iter(lambda: exchange.receive(20), None))


def test_it_uses_changed_settings_at_once_refuses_them_or_is_replaced(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins, pid = {plugin.id: plugin}, plugin.pid
    assert configure(plugins, plugin.id, {"site": "second"}).applied  # type: ignore[arg-type]
    assert (ask(plugin.http, "GET", "/site")[1], plugin.pid) == (b"second", pid)
    with pytest.raises(PluginFault, match="this site is not known"):
        configure(plugins, plugin.id, {"site": "refused"})  # type: ignore[arg-type]
    assert (ask(plugin.http, "GET", "/site")[1], plugin.settings.operator()) == (b"second", {"site": "second"})
    assert plugin.pid == pid
    monkeypatch.setattr("viewra.host.running.run.QUIESCE_S", 0.2)
    plugin.restart()
    pid = plugin.pid
    assert configure(plugins, plugin.id, {"site": "slow"}).applied  # type: ignore[arg-type]
    assert ask(plugin.http, "GET", "/site")[1] == b"slow"
    assert plugin.pid != pid, "a new process got them as it started"
