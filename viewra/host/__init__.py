"""The host: the facade, and the parts that manage plugins: discovery, registry, supervisors, in-process plugins.

Public names are imported at first use, so that a command that only asks a running host does not load one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy

if TYPE_CHECKING:
    from viewra.bridge import Fetching
    from viewra.codec.limits import Limits
    from viewra.host.facade import Host
    from viewra.host.installed.settings import PluginSettings, Setting
    from viewra.host.plugin import Plugin
    from viewra.host.running.launch_spec import Connecting
    from viewra.host.running.reattach import Reattach

__all__ = ["Connecting", "Fetching", "Host", "Limits", "Plugin", "PluginSettings", "Reattach", "Setting"]

__getattr__ = lazy.names(
    __name__,
    {
        "viewra.bridge.fetch.options": "Fetching",
        "viewra.codec.limits": "Limits",
        ".facade": "Host",
        ".installed.settings": "PluginSettings Setting",
        ".plugin": "Plugin",
        ".running.launch_spec": "Connecting",
        ".running.reattach": "Reattach",
    },
)
