"""The operations on a host's plugins, by name; each does its work and returns the result.

The command line runs them on a host of its own, the control socket on the running host. Each takes values and returns
one of ``viewra.host.admin.values``.
"""

from __future__ import annotations

import os
import time
import typing
from collections.abc import Callable, Sequence

from viewra.errors import HandshakeError, ManifestError, PluginError, PluginUnavailable, ViewraError
from viewra.host.admin import describe
from viewra.host.admin.find import find_plugin
from viewra.host.admin.health_check import check_health
from viewra.host.admin.operation import operation
from viewra.host.admin.values import (
    Checkup,
    Details,
    Done,
    Figures,
    Host,
    LogEntry,
    Pinned,
    Removed,
    Started,
    Summary,
    log_entry,
)
from viewra.host.installed.lock import this_process
from viewra.host.logs.log import last_words
from viewra.host.plugin import Plugin
from viewra.host.registry import Registry
from viewra.library import display
from viewra.library.listing.paging import check_limit
from viewra.transport.hclog_format import Level
from viewra.types import PluginState


@operation(changes=False)
def ping(plugins: Registry) -> Host:
    """The answering process, and the number of its plugins."""
    return Host(os.getpid(), this_process(), len(plugins))


@operation(changes=False)
def list_(plugins: Registry) -> list[Summary]:
    """A short description of every plugin found."""
    return describe.listing(plugins)


@operation(changes=False)
def info(plugins: Registry, plugin_id: str) -> Details:
    """A full description of one plugin."""
    return describe.details(find_plugin(plugins, plugin_id))


@operation(changes=False)
def stats(plugins: Registry, plugin_id: str = "") -> list[Figures]:
    """The figures of one plugin, or of all."""
    return [describe.figures_of(plugin) for plugin in _chosen(plugins, plugin_id)]


@operation(changes=False)
def health(plugins: Registry, plugin_id: str = "") -> list[Checkup]:
    """Check the health of one plugin, or of all; starts none."""
    return check_health(_chosen(plugins, plugin_id))


@operation(changes=True)
def enable(plugins: Registry, plugin_id: str) -> Done:
    """Let a plugin run from now on."""
    plugin = find_plugin(plugins, plugin_id)
    before = plugin.state
    plugin.enable()
    place = display(str(plugin.path))
    if before is not PluginState.DISABLED:
        return _done(plugin, f"{plugin_id} was enabled already ({place}): {_now(plugin)}")
    if problem := _settings_problem(plugin):
        return _done(plugin, f"{plugin_id} is enabled ({place}), but cannot start yet: {problem}")
    return _done(plugin, f"{plugin_id} is enabled ({place}): it starts with the first call that needs it")


@operation(changes=True)
def disable(plugins: Registry, plugin_id: str) -> Done:
    """Stop a plugin and keep it from running."""
    plugin = find_plugin(plugins, plugin_id)
    pid = plugin.pid
    plugin.disable()
    ended = f"; process {pid} has ended" if pid is not None else ""
    return _done(plugin, f"{plugin_id} is disabled ({display(str(plugin.path))}){ended}")


@operation(changes=True)
def load(plugins: Registry, plugin_id: str) -> Started:
    """Start a plugin now; the result has the ``seconds`` that it took."""
    plugin = find_plugin(plugins, plugin_id)
    if plugin.state is PluginState.RUNNING:
        return Started(f"{plugin_id} runs already{_process(plugin)}", describe.summary(plugin), 0.0)
    return _started(plugin, plugin.load, "started")


@operation(changes=True)
def unload(plugins: Registry, plugin_id: str) -> Done:
    """Stop a plugin until it is loaded again."""
    plugin = find_plugin(plugins, plugin_id)
    before, pid = plugin.state, plugin.pid
    plugin.unload()
    if plugin.state is not PluginState.STOPPED:
        return _done(plugin, f"{plugin_id} did not run: {_now(plugin)}")
    if before is PluginState.STOPPED:
        said = f"{plugin_id} was stopped already"
    else:
        short = "; its start was cancelled" if before is PluginState.STARTING else "; it did not run"
        said = f"{plugin_id} was stopped" + (f": process {pid} has ended" if pid is not None else short)
    return _done(plugin, f"{said}; viewra plugins load {plugin_id} lets it run again")


@operation(changes=True)
def restart(plugins: Registry, plugin_id: str) -> Started:
    """Stop a plugin and start it again, with the code on disk."""
    plugin = find_plugin(plugins, plugin_id)
    return _started(plugin, plugin.restart, "restarted" if plugin.state is PluginState.RUNNING else "started")


@operation(changes=True)
def reload(plugins: Registry, plugin_id: str) -> Done:
    """Replace a plugin's running code with that on disk, without a lost call."""
    plugin = find_plugin(plugins, plugin_id)
    before = plugin.pid
    try:
        said = plugin.reload()
    except PluginError as error:
        raise _with_output(error) from error.__cause__
    return _done(plugin, f"{plugin_id} {said}, {_now(plugin, before)}")


@operation(changes=True)
def unquarantine(plugins: Registry, plugin_id: str) -> Done:
    """Let a plugin start again that crashed too often."""
    plugin = find_plugin(plugins, plugin_id)
    was = plugin.state is PluginState.QUARANTINED
    plugin.unquarantine()
    text = "is out of quarantine" if was else "was not in quarantine"
    return _done(plugin, f"{plugin_id} {text}: {_now(plugin)}")


@operation(changes=True)
def pin(plugins: Registry, plugin_id: str) -> Pinned:
    """Pin a plugin to its present code."""
    plugin = find_plugin(plugins, plugin_id)
    pinned = plugin.pin()
    said = f"{plugin_id} is pinned: SHA-256 of its entry point {pinned.entry}"
    if pinned.tree:
        said += f"\nand of its directory {pinned.tree}"
    return Pinned(said, describe.summary(plugin), pinned)


@operation(changes=True)
def unpin(plugins: Registry, plugin_id: str) -> Pinned:
    """Remove a plugin's pin."""
    plugin = find_plugin(plugins, plugin_id)
    plugin.unpin()
    if (left := plugin.pinned) is not None:
        return Pinned(f"{plugin_id} is pinned to the files that were installed", describe.summary(plugin), left)
    return Pinned(f"{plugin_id} is not pinned", describe.summary(plugin), None)


@operation(changes=True)
def uninstall(plugins: Registry, plugin_id: str, keep_data: bool) -> Removed:
    """Stop a plugin of the user's directory and remove it, with its data unless that is kept."""
    if plugin_id not in plugins and not plugins.has_left(plugin_id):
        find_plugin(plugins, plugin_id)  # suggests a similar id
    path = plugins.uninstall(plugin_id, keep_data=keep_data)
    data = "kept" if keep_data else "removed"
    said = f"{plugin_id} was removed from {display(str(path))}; its data was {data}"
    return Removed(said if path is not None else f"what was left of {plugin_id} was removed", plugin_id, path)


@operation(changes=False)
def logs(plugins: Registry, plugin_id: str, limit: int = 100, level: Level = "trace") -> list[LogEntry]:
    """The last records of a plugin's log since the host opened, oldest first, of at least this level."""
    check_limit(limit)
    levels = typing.get_args(Level)
    wanted = levels[levels.index(level) :]
    records = [record for record in find_plugin(plugins, plugin_id).logs if record.level in wanted]
    return [log_entry(plugin_id, record) for record in records[-limit:]]


def _settings_problem(plugin: Plugin) -> str:
    """Why a start would fail for the plugin's settings; "" if it would not."""
    try:
        plugin.settings.config()
    except ManifestError as error:
        return "; ".join(one.message for one in error.errors)
    except ViewraError as error:
        return str(error)
    return ""


def _chosen(plugins: Registry, plugin_id: str) -> Sequence[Plugin]:
    return [find_plugin(plugins, plugin_id)] if plugin_id else describe.all_of(plugins)


def _started(plugin: Plugin, start: Callable[[], None], verb: str) -> Started:
    """Start a plugin in this way and report the result."""
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
    return Started(said, describe.summary(plugin), round(seconds, 3))


def _require_startable(plugin: Plugin) -> None:
    hint = {
        PluginState.DISABLED: f"viewra plugins enable {plugin.id}",
        PluginState.QUARANTINED: f"repair it, then: viewra plugins unquarantine {plugin.id}",
        PluginState.INVALID: f"viewra plugins check {display(str(plugin.path))}",
    }.get(plugin.state)
    if hint is not None:
        raise PluginUnavailable(plugin.id, f"is {plugin.state}: {plugin.reason}", hint=hint)


def _with_output(error: PluginError) -> PluginError:
    """The error with the last output of a process that failed to start, unless it already has it."""
    cause = error.__cause__
    if not isinstance(cause, HandshakeError) or not cause.output or "\n" in error.message:
        return error
    output = "\n".join(f"  {line}" for line in last_words(cause.output))
    return PluginUnavailable(error.plugin_id, f"{error.message}\nits last output:\n{output}", hint=error.hint)


def _done(plugin: Plugin, said: str) -> Done:
    return Done(said, describe.summary(plugin))


def _now(plugin: Plugin, before: int | None = None) -> str:
    """``running, process 1234 (was 1200)``, or another state with its reason."""
    if plugin.state is PluginState.RUNNING:
        was = f" (was {before})" if before not in (None, plugin.pid) else ""
        return f"running{_process(plugin, ', ')}{was}"
    return f"{plugin.state}: {plugin.reason}" if plugin.reason else f"it is {plugin.state}"


def _process(plugin: Plugin, before: str = ": ") -> str:
    return f"{before}process {plugin.pid}" if plugin.pid is not None else ""
