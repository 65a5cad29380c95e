"""What a plugin shows through its host: on its page, in ``plugins info``, and its calls beside its figures."""

from __future__ import annotations

from tests.unit.web.pages.conftest import Visitor
from viewra.host.admin.describe import details
from viewra.host.admin.present import as_json
from viewra.sdk import Plugin
from viewra.types import PluginInfo


class Showing(Plugin):
    def info(self) -> PluginInfo:
        return PluginInfo("showing")


def test_a_plugins_page_shows_its_tasks_messages_and_calls(visitor: Visitor) -> None:
    plugin = Showing()
    visitor.site.host.register(plugin)
    assert "What it says" not in visitor.get("/admin/plugin/showing")
    plugin.host.progress.report("fetching <covers>", 3, 12, text="Suites")
    plugin.host.notify("the site <b>refuses</b> the key", level="error")
    page = visitor.get("/admin/plugin/showing")
    assert "fetching &lt;covers&gt;" in page
    assert "3 of 12, Suites" in page
    assert '<progress max="12.0" value="3.0"' in page
    assert "the site &lt;b&gt;refuses&lt;/b&gt; the key" in page
    assert "progress.report" in visitor.get("/admin/plugin/showing/activity")
    shown = as_json(details(visitor.site.host.plugins["showing"]))
    assert [(one["name"], one["done"], one["total"]) for one in shown["progress"]] == [("fetching <covers>", 3, 12)]
    assert [(one["level"], one["text"]) for one in shown["notices"]] == [("error", "the site <b>refuses</b> the key")]
    visitor.site.host.unregister(plugin)
    assert visitor.site.host.register(plugin).progress == ()
