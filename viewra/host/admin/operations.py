"""What an operator does to the plugins of a host: done, it says what happened.

The command line calls the same functions on a host of its own as the control socket on one that runs. Each gives JSON
data; those that change a plugin give ``{"said": a line for people, "plugin": its summary}``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from viewra.errors import HandshakeError, PluginError, PluginUnavailable
from viewra.host.admin import describe
from viewra.host.admin.find import find_plugin
from viewra.host.admin.health_check import check_health
from viewra.host.installed.lock import this_process
from viewra.host.logs.log import readable
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry
from viewra.library import display
from viewra.types import PluginState

Data = dict[str, Any]


def ping(plugins: Registry) -> Data:
    """Which process answers, and how many plugins it has."""
    return {"pid": os.getpid(), "process": this_process(), "plugins": len(plugins)}


def list_(plugins: Registry) -> list[Data]:
    """Every plugin found, in short."""
    return describe.listing(plugins)


def info(plugins: Registry, plugin_id: str) -> Data:
    """All that is known of one plugin."""
    return describe.details(find_plugin(plugins, plugin_id))


def stats(plugins: Registry, plugin_id: str = "") -> list[Data]:
    """The figures of one plugin, or of all."""
    return [describe.figures(plugin.id, plugin.stats) for plugin in _chosen(plugins, plugin_id)]


def health(plugins: Registry, plugin_id: str = "") -> list[Data]:
    """Ask one plugin, or all, for its health; those that do not run stay asleep."""
    return check_health(_chosen(plugins, plugin_id))


def enable(plugins: Registry, plugin_id: str) -> Data:
    """Let a plugin run from now on."""
    plugin = find_plugin(plugins, plugin_id)
    before = plugin.state
    plugin.enable()
    place = display(str(plugin.path))
    if before is not PluginState.DISABLED:
        return _done(plugin, f"{plugin_id} was enabled already ({place}): {_now(plugin)}")
    return _done(plugin, f"{plugin_id} is enabled ({place}): it starts with the first call that needs it")


def disable(plugins: Registry, plugin_id: str) -> Data:
    """Stop a plugin and keep it from running."""
    plugin = find_plugin(plugins, plugin_id)
    pid = plugin.pid
    plugin.disable()
    ended = f"; process {pid} has ended" if pid is not None else ""
    return _done(plugin, f"{plugin_id} is disabled ({display(str(plugin.path))}){ended}")


def load(plugins: Registry, plugin_id: str) -> Data:
    """Start a plugin now; ``seconds`` says how long that took."""
    plugin = find_plugin(plugins, plugin_id)
    if plugin.state is PluginState.RUNNING:
        return {**_done(plugin, f"{plugin_id} runs already{_process(plugin)}"), "seconds": 0.0}
    return _started(plugin, plugin.load, "started")


def unload(plugins: Registry, plugin_id: str) -> Data:
    """Stop a plugin, until somebody loads it again."""
    plugin = find_plugin(plugins, plugin_id)
    before, pid = plugin.state, plugin.pid
    plugin.unload()
    if plugin.state is not PluginState.STOPPED:
        return _done(plugin, f"{plugin_id} did not run: {_now(plugin)}")
    if before is PluginState.STOPPED:
        said = f"{plugin_id} was stopped already"
    else:
        short = "; its start was cut short" if before is PluginState.STARTING else "; it did not run"
        said = f"{plugin_id} was stopped" + (f": process {pid} has ended" if pid is not None else short)
    return _done(plugin, f"{said}; viewra plugins load {plugin_id} lets it run again")


def restart(plugins: Registry, plugin_id: str) -> Data:
    """Stop a plugin and start it again, with the code that is on disk now."""
    plugin = find_plugin(plugins, plugin_id)
    return _started(plugin, plugin.restart, "restarted" if plugin.state is PluginState.RUNNING else "started")


def reload(plugins: Registry, plugin_id: str) -> Data:
    """Put the code that is on disk in the place of the one that runs, without a lost call."""
    plugin = find_plugin(plugins, plugin_id)
    before = plugin.pid
    try:
        said = plugin.reload()
    except PluginError as error:
        raise _with_output(error) from error.__cause__
    return _done(plugin, f"{plugin_id} {said}, {_now(plugin, before)}")


def unquarantine(plugins: Registry, plugin_id: str) -> Data:
    """Let a plugin start again although it crashed too often."""
    plugin = find_plugin(plugins, plugin_id)
    was = plugin.state is PluginState.QUARANTINED
    plugin.unquarantine()
    text = "is out of quarantine" if was else "was not in quarantine"
    return _done(plugin, f"{plugin_id} {text}: {_now(plugin)}")


def uninstall(plugins: Registry, plugin_id: str, keep_data: bool) -> Data:
    """Stop a plugin of the user's directory and remove it, with its data unless that is to be kept."""
    plugin = find_plugin(plugins, plugin_id)
    path = display(str(plugin.path))
    plugins.uninstall(plugin_id, keep_data=keep_data)
    data = "kept" if keep_data else "removed"
    return {"said": f"{plugin_id} was removed from {path}; its data was {data}", "id": plugin_id, "path": path}


def settings(
    plugins: Registry, plugin_id: str, assign: dict[str, str], unset: list[str], runtime: bool = False
) -> Data:
    """Change a plugin's settings, if any are to be, and give them all; ``pid`` is of the process that runs by now.

    With ``runtime`` those are meant that say how it is run.
    """
    plugin = find_plugin(plugins, plugin_id)
    kept = plugin.settings
    if runtime and plugin.manifest is not None:
        kept = plugins.runtime_settings(plugin.manifest)
    if assign or unset:
        kept.change({key: kept.parse(key, text) for key, text in assign.items()}, unset)
    return {"settings": [attrs.asdict(setting) for setting in kept.shown()], "pid": plugin.pid}


def _chosen(plugins: Registry, plugin_id: str) -> Sequence[Plugin]:
    return [find_plugin(plugins, plugin_id)] if plugin_id else describe.all_of(plugins)


def _started(plugin: Plugin, start: Callable[[], None], verb: str) -> Data:
    """Start a plugin in this way and say how it went."""
    _require_startable(plugin)
    before = plugin.pid
    began = time.monotonic()
    try:
        start()
    except PluginError as error:
        raise _with_output(error) from error.__cause__
    seconds = time.monotonic() - began
    version = f"version {plugin.info.version}, " if plugin.info.version else ""
    offered = ", ".join(plugin.services) or "no services"
    said = f"{plugin.id} was {verb}: {_now(plugin, before)}, {version}{offered}, in {seconds:.2f} s"
    return {**_done(plugin, said), "seconds": round(seconds, 3)}


def _require_startable(plugin: Plugin) -> None:
    hint = {
        PluginState.DISABLED: f"viewra plugins enable {plugin.id}",
        PluginState.QUARANTINED: f"mend it, then: viewra plugins unquarantine {plugin.id}",
        PluginState.INVALID: f"viewra plugins check {display(str(plugin.path))}",
    }.get(plugin.state)
    if hint is not None:
        raise PluginUnavailable(plugin.id, f"is {plugin.state}: {plugin.reason}", hint=hint)


def _with_output(error: PluginError) -> PluginError:
    """The error with the last output of a process that did not start, unless it has that already."""
    cause = error.__cause__
    if not isinstance(cause, HandshakeError) or not cause.output or "\n" in error.message:
        return error
    output = "\n".join(f"  {readable(line)}" for line in cause.output)
    return PluginUnavailable(error.plugin_id, f"{error.message}\nits last output:\n{output}", hint=error.hint)


def _done(plugin: Plugin, said: str) -> Data:
    return {"said": said, "plugin": describe.summary(plugin)}


def _now(plugin: Plugin, before: int | None = None) -> str:
    """``running, process 1234 (was 1200)``; the reason for another state goes with it."""
    if plugin.state is PluginState.RUNNING:
        was = f" (was {before})" if before not in (None, plugin.pid) else ""
        return f"running{_process(plugin, ', ')}{was}"
    return f"{plugin.state}: {plugin.reason}" if plugin.reason else f"it is {plugin.state}"


def _process(plugin: Plugin, before: str = ": ") -> str:
    return f"{before}process {plugin.pid}" if plugin.pid is not None else ""
