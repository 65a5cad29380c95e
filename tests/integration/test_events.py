"""Events from and to a plugin in a sandboxed process."""

from __future__ import annotations

import threading

import pytest

from tests.conftest import MakePlugin
from tests.eventually import eventually
from viewra.errors import PluginFault
from viewra.host import Host

CODE = """\
from viewra import sdk

class Echo(sdk.Plugin):
    def on_event(self, event):
        self.host.kv.set("heard", [*self.host.kv.get("heard", []), event.name])

    def search(self, query, limit, offset):
        self.host.events.publish(query["q"])
        heard = self.host.kv.get("heard", [])
        return sdk.SearchResponse(tuple(sdk.SearchResult(name, name) for name in heard), len(heard))

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("q",))

sdk.serve(Echo())
"""
PERMISSIONS = """
permissions: [
    {resource: "events", actions: ["subscribe"], names: ["playback.*"], reason: "to scrobble"},
    {resource: "events", actions: ["publish"], names: ["scrobbles.sent"], reason: "to tell"},
]
"""


@pytest.mark.process
def test_a_plugin_hears_and_publishes_what_it_was_granted(make_plugin: MakePlugin) -> None:
    directory = make_plugin("echo", CODE, capabilities=("search_service",), extra=PERMISSIONS)
    with Host(data_dir=directory.parent.parent / "data", plugin_dirs=[directory.parent], watch=False) as host:
        plugin = host.plugins["echo"]

        def publish(name: str) -> list[str]:
            assert plugin.search is not None
            return [one.title for one in plugin.search.search({"q": name}, 9, 0).results]

        plugin.enable()
        host.events.publish("playback.started")
        assert plugin.pid is None, "events start no plugin"
        assert publish("echo.tried") == []
        host.events.publish("playback.started")
        eventually(lambda: not any(thread.name == "events-echo" for thread in threading.enumerate()))
        with pytest.raises(PluginFault, match="events:publish with this name, which is not granted"):
            publish("scrobbles.sent")
        plugin.grant("events:subscribe", "events:publish")
        host.events.publish("other.started")
        host.events.publish("playback.ended")
        eventually(lambda: publish("scrobbles.sent") == ["playback.ended"])
        with pytest.raises(PluginFault, match="not granted"):
            publish("scrobbles.lost")
