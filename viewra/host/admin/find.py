"""Finds the plugin with a given id, or suggests a similar one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from viewra.errors import NotFound

if TYPE_CHECKING:
    from viewra.host.plugin import Plugin


def find_plugin(plugins: Mapping[str, Plugin], plugin_id: str) -> Plugin:
    """The plugin in force with this id; raises NotFound if there is none."""
    plugin = plugins.get(plugin_id)
    if plugin is not None:
        return plugin
    near = difflib.get_close_matches(plugin_id, plugins, 1)
    hint = f"did you mean {near[0]}?" if near else "viewra plugins list shows all plugins"
    raise NotFound(f"there is no plugin {plugin_id!r}", hint=hint)
