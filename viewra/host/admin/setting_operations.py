"""The operations on plugins' settings, see ``operations``."""

from __future__ import annotations

from typing import Any

from viewra.errors import PluginUnavailable, ViewraError
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.values import Settings
from viewra.host.registry import Registry


@operation(changes=False)
def settings(plugins: Registry, plugin_id: str, runtime: bool = False) -> Settings:
    """A plugin's settings, with ``runtime`` those of how it runs."""
    plugin = find_plugin(plugins, plugin_id)
    kept = plugin.runtime_settings if runtime else plugin.settings
    return Settings(tuple(kept.shown()), plugin.pid, applied=False)


@operation(changes=True)
def assign(
    plugins: Registry, plugin_id: str, values: dict[str, str], unset: list[str], runtime: bool = False
) -> Settings:
    """Change a plugin's settings to values as texts, all or none, and return all settings; reloads nothing."""
    plugin = find_plugin(plugins, plugin_id)
    with plugin.changing_settings:
        kept = plugin.runtime_settings if runtime else plugin.settings
        kept.change({key: kept.parse(key, text) for key, text in values.items()}, unset)
        return Settings(tuple(kept.shown()), None if kept.applied else plugin.pid, kept.applied)


@operation(changes=True)
def configure(
    plugins: Registry,
    plugin_id: str,
    values: dict[str, Any] | None = None,
    unset: list[str] | None = None,
    runtime: bool = False,
) -> Settings:
    """Change a plugin's settings to JSON values, all or none, and return all settings.

    A running plugin that cannot use them at once is reloaded, without a lost call. Raises PluginUnavailable if it
    cannot run with them; then it goes on with those of before, which stay stored.
    """
    plugin = find_plugin(plugins, plugin_id)
    with plugin.changing_settings:
        kept = plugin.runtime_settings if runtime else plugin.settings
        kept.change(values or {}, unset or ())
        if kept.applied or plugin.pid is None or not (values or unset):
            return Settings(tuple(kept.shown()), None if kept.applied else plugin.pid, kept.applied)
        try:
            plugin.reload()
        except ViewraError as error:
            kept.undo()
            raise PluginUnavailable(plugin_id, f"nothing was changed: {error}", hint=error.hint) from error
        return Settings(tuple(kept.shown()), None, applied=True)
