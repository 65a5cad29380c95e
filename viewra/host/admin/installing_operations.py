"""Operations on packages of plugins: install one that is staged, and go back to the version before."""

from __future__ import annotations

from pathlib import Path

from viewra.host.admin import describe
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.values import Done
from viewra.host.installed.versions import Origin
from viewra.host.installing import Consent, Installed
from viewra.host.registry import Registry
from viewra.library import display
from viewra.types import PluginState


@operation(changes=True)
def install(
    plugins: Registry,
    staged: str,
    origin: Origin,
    enable: bool = True,
    grant_requested: bool = False,
    accept_signer: bool = False,
    untried: bool = False,
) -> Done:
    """Install a staged package, or replace the installed version of its plugin, once it has proven to start."""
    consent = Consent(permissions=grant_requested, signer=accept_signer, untried=untried)
    return _done(plugins, plugins.install(Path(staged), origin, consent), "was installed", enable=enable)


@operation(changes=True)
def rollback(plugins: Registry, plugin_id: str) -> Done:
    """Use the version of a plugin again that the present one replaced."""
    find_plugin(plugins, plugin_id)
    return _done(plugins, plugins.roll_back(plugin_id), "is used again", enable=False)


def _done(plugins: Registry, installed: Installed, verb: str, *, enable: bool) -> Done:
    plugin = find_plugin(plugins, installed.found.plugin_id)
    said = f"{plugin.id} {installed.record.version} {verb}"
    if installed.before:
        said += f" in place of {installed.before}"
    if installed.untried:
        said += f"\nit was not tried: {installed.untried}"
    if plugin.found is None or plugin.found.directory != installed.found.directory:
        said += f"\nthe plugin of this id in {display(str(plugin.path))} comes first"
        return Done(said, describe.summary(plugin))
    if enable and not installed.before:
        plugin.enable()
    if plugin.state is PluginState.DISABLED:
        said += f"\nit is disabled: viewra plugins enable {plugin.id}"
    if refused := [one.name for one in plugin.permissions if not one.granted]:
        said += f"\nit runs without {', '.join(refused)}: viewra plugins grant {plugin.id} {' '.join(refused)}"
    return Done(said, describe.summary(plugin))
