"""Host services in a sandboxed process: identity, grants, what lasts through reloads and uninstalling, kills."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import host_services as suite
from tests.eventually import eventually
from tests.unit.bridge.fetch.serving import Said, serving
from viewra.bridge import has_stored
from viewra.host import Fetching, Host
from viewra.library.putting import put_metadata
from viewra.sdk import Plugin as InProcess
from viewra.types import PluginState

CODE = """\
import json
from viewra import sdk
from viewra.errors import ViewraError

class Asking(sdk.Plugin):
    def initialize(self, context):
        self.host.kv.set("starts", self.host.kv.get("starts", 0) + 1)

    def search(self, query, limit, offset):
        try:
            said = eval(query["do"], {"host": self.host})
        except ViewraError as error:
            said = f"{type(error).__name__}: {error}"
        return sdk.SearchResponse((sdk.SearchResult("1", json.dumps(said)),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("do",))

sdk.serve(Asking())
"""
MANIFEST = """\
id: "%s"
name: "Asking"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: search_service: true
permissions: [{resource: "library", actions: ["read"], reason: "shows what is there"}]
"""


SUITE_CODE = """\
from host_services import SUITE, Given
from viewra import sdk

class UnderTest(sdk.Plugin):
    def search(self, query, limit, offset):
        SUITE[query["service"]](self.host, Given(int(query["file_id"]), query["url"]))
        return sdk.SearchResponse((sdk.SearchResult("1", "done"),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("service", "file_id", "url"))

sdk.serve(UnderTest())
"""
SUITE_PERMISSIONS = """
permissions: [
    {resource: "library", actions: ["read", "write"], reason: "tests"},
    {resource: "network", actions: ["fetch"], hosts: ["127.0.0.1:%d"], reason: "tests"},
]
"""


def write(place: Path, plugin_id: str) -> None:
    directory = place / plugin_id
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST % plugin_id)
    (directory / "main.py").write_text(CODE)


def ask(host: Host, plugin_id: str, do: str) -> object:
    search = host.plugins[plugin_id].search
    assert search is not None
    return json.loads(search.search({"do": do}, 1, 0).results[0].title)


@pytest.mark.process
def test_each_service_in_a_sandboxed_process(tmp_path: Path) -> None:
    directory, music = tmp_path / "plugins" / "under_test", tmp_path / "music"
    for made in (directory, music):
        made.mkdir(parents=True)
    (music / f"{suite.TITLE}.mp3").write_bytes(b"ID3 not much of a file")
    (directory / "main.py").write_text(SUITE_CODE)
    shutil.copy(suite.__file__, directory)
    with serving() as server, Host(
        data_dir=tmp_path / "data", plugin_dirs=[directory.parent], watch=False, fetching=Fetching(proxy="off")
    ) as host:  # fmt: skip
        server.answers["/"] = Said(body=suite.BODY)
        manifest = MANIFEST.partition("permissions")[0] % "under_test"
        (directory / "plugin.cue").write_text(manifest + SUITE_PERMISSIONS % server.port)
        host.plugins.rescan()
        plugin = host.plugins["under_test"]
        plugin.grant(*suite.GRANTED)
        plugin.enable()
        assert plugin.sandbox is not None
        assert plugin.sandbox.backend != "off"
        host.scan(music)
        (file,) = host.library.files().items
        put_metadata(host.engine, "tags", {file.id: {"title": suite.TITLE}}, priority={})
        for service in suite.SUITE:
            query = {"service": service, "file_id": str(file.id), "url": server.url("/")}
            assert plugin.search is not None
            assert plugin.search.search(query, 1, 0).results[0].title == "done"


@pytest.mark.process
def test_sandboxed_plugins_ask_their_host(tmp_path: Path) -> None:
    write(tmp_path / "plugins", "one")
    write(tmp_path / "data" / "plugin-packages", "two")
    music = tmp_path / "music"
    music.mkdir()
    with Host(data_dir=tmp_path / "data", plugin_dirs=[tmp_path / "plugins"]) as host:
        for plugin_id in ("one", "two"):
            host.plugins[plugin_id].enable()
        ask(host, "one", "host.kv.set('mine', 1)")
        assert ask(host, "two", "host.kv.get('mine')") is None, "another plugin's values"
        cover = "b'\\xff\\xd8\\xff\\xe0' + bytes(3_000_000)"
        stored = ask(host, "two", f"host.assets.put({cover}).id")
        assert ask(host, "one", f"host.assets.get({stored!r})") is None, "another plugin's asset"
        assert "NotFound" in str(ask(host, "one", f"next(host.assets.read({stored!r}))"))
        assert "PermissionDenied" in str(ask(host, "two", f"host.assets.link({stored!r}, 'front', album_id=1)"))
        host.plugins.uninstall("two", keep_data=True)
        assert has_stored(host.engine, "two")
        host.plugins.uninstall("two", keep_data=False)
        assert not has_stored(host.engine, "two")
        assert host.assets.sweep() == 1
        assert has_stored(host.engine, "one")
        assert "PermissionDenied: library.stats needs the permission library:read" in str(
            ask(host, "one", "host.library.stats()")
        )
        host.plugins["one"].grant("library:read")
        host.library.add(str(music))
        assert ask(host, "one", "[one.path for one in host.library.libraries()]") == [str(music)]
        assert ask(host, "one", "host.kv.get('starts')") == 2, "kept through the reload that a grant causes"
        ask(host, "one", "host.progress.report('covers', 3, 10)")
        ask(host, "one", "host.notify('the disk is nearly full', level='warning')")
        one = host.plugins["one"]
        assert [(task.name, task.done, task.total) for task in one.progress] == [("covers", 3, 10)]
        assert [(notice.level, notice.text) for notice in one.notices] == [("warning", "the disk is nearly full")]
        assert one.stats.host_calls["kv.set"].calls == 3
        one.unload()
        assert one.state is PluginState.STOPPED
        eventually(lambda: not one.progress)
    with Host(data_dir=tmp_path / "data", plugin_dirs=[tmp_path / "plugins"]) as host:
        assert ask(host, "one", "host.kv.get('mine')") == 1
        host.register(plugin := InProcess())
        plugin.host.kv.set("x", 1)
        assert plugin.host.library.libraries()[0].path == str(music)
