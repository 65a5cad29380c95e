"""The operation that calls one hook of one plugin by hand, for its author."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from viewra.adapters.by_hand import hook_named
from viewra.errors import PluginFault
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.operations import load
from viewra.host.admin.values import HookCalled
from viewra.host.registry import Registry
from viewra.library.mime import SNIFFED_BYTES, MediaTypes
from viewra.types import PluginState

DEFAULTS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "limit": lambda _given: "20",
    "offset": lambda _given: "0",
    "mime_type": lambda given: _mime_type(given.get("file_path", "")),
}
"""Arguments that a person may leave out, each with a function from those that were given."""


@operation(changes=True)
def call(plugins: Registry, plugin_id: str, hook: str, arguments: dict[str, str]) -> HookCalled:
    """Call a hook of one plugin, which is started first; texts become arguments by the hook's types."""
    plugin = find_plugin(plugins, plugin_id)
    wanted = hook_named(hook, plugins.services)
    there = {key.partition(".")[0] for key in arguments}
    left_out = {name: make for name, make in DEFAULTS.items() if name in wanted.types and name not in there}
    given = {name: make(arguments) for name, make in left_out.items()} | arguments
    if "plugin_id" in wanted.types:
        given.setdefault("plugin_id", plugin_id)
    parsed = wanted.parse(given)
    if plugin.state is not PluginState.RUNNING:
        load(plugins, plugin_id)
    began = time.monotonic()
    try:
        value = plugin.call(wanted, parsed)
    except PluginFault as fault:
        if fault.call_id and fault.hint is None:
            fault.hint = f"the plugin's log has the traceback: viewra plugins logs {plugin_id} (call {fault.call_id})"
        raise
    return HookCalled(plugin_id, hook, value, round(time.monotonic() - began, 6))


def _mime_type(path: str) -> str:
    """The type of a file, as a scan finds it; "" if it is unknown."""
    name = os.fsencode(os.path.basename(path))  # noqa: PTH119 - a path that is not UTF-8
    types = MediaTypes()
    if known := types.by_name(name):
        return known
    try:
        with open(path, "rb") as file:
            head: bytes | None = file.read(SNIFFED_BYTES)
    except (OSError, ValueError):
        head = None
    return types.by_content(name, head)
