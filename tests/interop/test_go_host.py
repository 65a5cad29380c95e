"""A plugin written in Go asks its host, through the package viewrahost of the templates."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import attrs
import pytest

from tests.eventually import eventually
from tests.unit.bridge.fetch.serving import Said, serving
from viewra import Host, types
from viewra.authoring.scaffold import TEMPLATES
from viewra.host import Fetching
from viewra.host.plugin import Plugin

MANIFEST = """
id: "asking"
name: "Asking"
version: "1.0.0"
type: "search"
entry_points: main: "go-plugin"
capabilities: search_service: true
permissions: [
	{resource: "library", actions: ["read", "write"]},
	{resource: "network", actions: ["fetch"], hosts: ["127.0.0.1:%d"]},
	{resource: "events", actions: ["subscribe"], names: ["playback.*"]},
]
settings: key: string | *"k" @secret(host)
"""


def ask(plugin: Plugin, do: str, url: str = "") -> object:
    assert plugin.search is not None
    found = plugin.search.search({"do": do, "url": url}, 1, 0)
    return json.loads(found.results[0].title)


@pytest.mark.process
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("quick_hosts")
def test_it_asks_for_everything(tmp_path: Path, go_programs: Path) -> None:
    directory = tmp_path / "plugins" / "asking"
    directory.mkdir(parents=True)
    shutil.copy2(go_programs / "hostplugin", directory / "go-plugin")
    music = tmp_path / "music"
    music.mkdir()
    (music / "a.mp3").write_bytes(b"ID3 not much of a file")
    with serving() as server:
        (directory / "plugin.cue").write_text(MANIFEST % server.port)
        server.answers["/a"] = lambda asked: Said(body=asked.headers["x-key"].encode(), headers={"X-A": "b"})
        server.answers["/a/breaks"] = Said(raw=b"nonsense\r\n\r\n")
        server.answers["/text"] = Said(body=b"some text")
        with Host(
            plugin_dirs=[directory.parent], data_dir=tmp_path / "data", watch=False, fetching=Fetching(proxy="off")
        ) as host:
            plugin = host.plugins["asking"]
            plugin.enable()
            assert ask(plugin, "values") == [True, 0, "AP8=", ["bytes", "started"], True, True, True, True]
            assert ask(plugin, "library") == "denied"
            plugin.grant("library:read", "network:fetch", "events:subscribe")
            host.library.add(str(music))
            host.scan(str(music))
            assert ask(plugin, "library") == [str(music), True, False, True]
            assert ask(plugin, "match") == "denied"
            plugin.grant("library:write")
            assert ask(plugin, "match") == [1, True, "isrc", True]
            assert host.library.files("mood:calm").items, "what it put is found"
            assert ask(plugin, "fetch", server.url("/a")) == [200, "{secret:key}", "b", True, True]
            assert server.asked[0].headers["x-key"] == "k"
            assert ask(plugin, "asset", server.url("/text")) == ["me text", 5, True]
            assert ask(plugin, "tell") == "told"
            assert [one.text for one in plugin.notices] == ["hello"]
            assert [(one.name, one.total) for one in plugin.progress] == [("covers", 2)]
            assert ask(plugin, "many") == "all"
            assert ask(plugin, "late") == [True, True]
            assert ask(plugin, "tasks") == [2, 0]
            eventually(lambda: ask(plugin, "done") == 7)
            host.events.publish("playback.started", 5)
            eventually(lambda: ask(plugin, "publish") == ["playback.started", 5, True])


def test_its_values_are_those_of_python() -> None:
    folder = TEMPLATES / "go" / "viewra" / "viewrahost"
    text = "".join(file.read_text() for file in folder.glob("*.go"))
    for name in (
        "Library",
        "FileEntry",
        "Album",
        "Artist",
        "MediaFile",
        "MetadataValue",
        "Asset",
        "Recording",
        "Match",
    ):
        found = re.search(rf"^type {name} struct {{\n(.*?)^}}", text, re.DOTALL | re.MULTILINE)
        assert found is not None
        fields = [field.name for field in attrs.fields(getattr(types, name))]
        assert re.findall(r'json:"(\w+)[,"]', found[1]) == fields, name
