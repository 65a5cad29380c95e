"""Operations on what a plugin may do: what its manifest asks for, as far as the operator grants it."""

from __future__ import annotations

from viewra.host.admin import describe
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.values import Granted
from viewra.host.logs.log import readable
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry


@operation(changes=True)
def grant(plugins: Registry, plugin_id: str, names: list[str], paths: list[str] | None = None) -> Granted:
    """Let a plugin do what it asks for; without names, show what that is."""
    plugin = find_plugin(plugins, plugin_id)
    if names:
        plugin.grant(*names, paths=paths or [])
    return _granted(plugin)


@operation(changes=True)
def grant_requested(plugins: Registry, plugin_id: str) -> Granted:
    """Let a plugin do all that it asks for."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.grant_requested()
    return _granted(plugin)


@operation(changes=True)
def revoke(plugins: Registry, plugin_id: str, names: list[str]) -> Granted:
    """Let a plugin do something no more."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.revoke(*names)
    return _granted(plugin)


def _granted(plugin: Plugin) -> Granted:
    lines = [
        f"  {one.name:<18} {'granted' if one.granted else 'not granted'}: {one.words}"
        + (f" ({readable(one.reason)})" if one.reason else "")
        for one in plugin.requested
    ]
    said = f"{plugin.id} asks to:\n" + "\n".join(lines) if lines else f"{plugin.id} asks for nothing"
    return Granted(said, describe.summary(plugin), plugin.requested)
