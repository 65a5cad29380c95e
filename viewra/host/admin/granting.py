"""Operations on a plugin's permissions: those that its manifest requests, as far as the operator grants them."""

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
    """Grant a plugin permissions that it requests; without names, show them."""
    plugin = find_plugin(plugins, plugin_id)
    if names:
        plugin.grant(*names, paths=paths or [])
    return _granted(plugin)


@operation(changes=True)
def grant_requested(plugins: Registry, plugin_id: str) -> Granted:
    """Grant a plugin all permissions that it requests."""
    plugin = find_plugin(plugins, plugin_id)
    if names := [one.name for one in plugin.permissions if not one.granted]:
        plugin.grant(*names)
    return _granted(plugin)


@operation(changes=True)
def revoke(plugins: Registry, plugin_id: str, names: list[str]) -> Granted:
    """Revoke a plugin's permissions."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.revoke(*names)
    return _granted(plugin)


def _granted(plugin: Plugin) -> Granted:
    lines = [
        f"  {one.name:<18} {'granted' if one.granted else 'not granted'}: {one.words}"
        + (f" ({readable(one.reason)})" if one.reason else "")
        for one in plugin.permissions
    ]
    said = f"{plugin.id} requests to:\n" + "\n".join(lines) if lines else f"{plugin.id} requests no permissions"
    return Granted(said, describe.summary(plugin), plugin.permissions)
