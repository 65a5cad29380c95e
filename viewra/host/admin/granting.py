"""Operations on a plugin's permissions: those that its manifest requests, as far as the operator grants them."""

from __future__ import annotations

from viewra.host.admin import describe
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.values import Granted
from viewra.host.logs.log import readable
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry


@operation(changes=False)
def permissions(plugins: Registry, plugin_id: str) -> Granted:
    """The permissions that a plugin requests, and whether they are granted."""
    return _granted(find_plugin(plugins, plugin_id))


@operation(changes=True)
def grant(
    plugins: Registry,
    plugin_id: str,
    names: list[str],
    paths: list[str] | None = None,
    libraries: list[str] | None = None,
    hosts: list[str] | None = None,
) -> Granted:
    """Grant a plugin permissions that it requests; without names, show them."""
    plugin = find_plugin(plugins, plugin_id)
    if names:
        plugin.grant(*names, paths=paths or [], libraries=libraries or [], hosts=hosts or [])
    return _granted(plugin)


@operation(changes=True)
def grant_requested(plugins: Registry, plugin_id: str) -> Granted:
    """Grant a plugin all permissions that it requests."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.grant_requested()
    return _granted(plugin)


@operation(changes=True)
def revoke(plugins: Registry, plugin_id: str, names: list[str], hosts: list[str] | None = None) -> Granted:
    """Revoke a plugin's permissions, or some hosts of one."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.revoke(*names, hosts=hosts or [])
    return _granted(plugin)


def _granted(plugin: Plugin) -> Granted:
    lines = [
        f"  {one.name:<18} {'granted' if one.granted else 'not granted'}: {one.words}"
        + (f" ({readable(one.reason)})" if one.reason else "")
        for one in plugin.requested
    ]
    said = (
        f"{plugin.id} requests permission to:\n" + "\n".join(lines) if lines else f"{plugin.id} requests no permissions"
    )
    return Granted(said, describe.summary(plugin), plugin.requested)
