"""Settings of a running plugin that uses them at once, or refuses them."""

from __future__ import annotations

import pytest

from tests.conftest import MakePlugin
from viewra.errors import PluginFault, PluginUnavailable
from viewra.host import Host
from viewra.host.admin.setting_operations import configure

CODE = """\
from viewra import sdk

class Live(sdk.Plugin):
    def on_settings_changed(self):
        if self.settings.site == "refused":
            raise ValueError("this site is not known")

    def search(self, query, limit, offset):
        return sdk.SearchResponse((sdk.SearchResult("1", self.settings.site),), 1)

    def get_search_capabilities(self):
        return sdk.SearchCapabilities(fields=("q",))

sdk.serve(Live())
"""

STUBBORN = CODE.replace("on_settings_changed", "initialize").replace("(self)", "(self, context)", 1)
"""It reads its settings once."""


def site(host: Host, plugin_id: str = "live") -> str:
    search = host.plugins[plugin_id].search
    assert search is not None
    return search.search({"q": ""}, 1, 0).results[0].title


@pytest.mark.process
def test_a_running_plugin_uses_settings_at_once_or_refuses_them(make_plugin: MakePlugin) -> None:
    directory = make_plugin("live", CODE, capabilities=("search_service",), extra='settings: site: string | *"first"')
    with Host(data_dir=directory.parent.parent / "data", plugin_dirs=[directory.parent], watch=False) as host:
        host.plugins["live"].enable()
        assert not configure(host.plugins, "live", {"site": "second"}).applied, "it does not run"
        assert site(host) == "second"
        pid = host.plugins["live"].pid
        changed = configure(host.plugins, "live", {"site": "third"})
        assert (changed.applied, changed.pid, site(host)) == (True, None, "third")
        with pytest.raises(PluginFault, match="this site is not known"):
            configure(host.plugins, "live", {"site": "refused"})
        assert site(host) == "third"
        assert host.plugins["live"].settings.operator() == {"site": "third"}
        assert host.plugins["live"].pid == pid


@pytest.mark.process
def test_one_that_cannot_is_reloaded(make_plugin: MakePlugin) -> None:
    extra = 'settings: site: string | *"first"'
    directory = make_plugin("stubborn", STUBBORN, capabilities=("search_service",), extra=extra)
    with Host(data_dir=directory.parent.parent / "data", plugin_dirs=[directory.parent], watch=False) as host:
        host.plugins["stubborn"].enable()
        assert site(host, "stubborn") == "first"
        pid = host.plugins["stubborn"].pid
        changed = configure(host.plugins, "stubborn", {"site": "second"})
        assert (changed.applied, changed.pid) == (True, None)
        assert site(host, "stubborn") == "second"
        assert pid != (pid := host.plugins["stubborn"].pid)
        with pytest.raises(PluginUnavailable, match=r"nothing was changed: .*this site is not known"):
            configure(host.plugins, "stubborn", {"site": "refused"})
        assert host.plugins["stubborn"].pid == pid
        assert site(host, "stubborn") == "second", "the process before goes on"
        assert host.plugins["stubborn"].settings.operator() == {"site": "second"}
        with pytest.raises(PluginUnavailable, match=r"uses .* MB of memory once started, its limit is 1 MB"):
            configure(host.plugins, "stubborn", {"limits.memory_mb": 1}, runtime=True)
        assert host.plugins["stubborn"].pid == pid
        assert host.plugins["stubborn"].runtime_settings.operator() == {}
