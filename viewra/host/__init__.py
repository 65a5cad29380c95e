"""The host: the facade, and what keeps plugins: discovery, registry, one supervisor per plugin, in-process ones.

Public names are imported when first used: a command that only asks a running host must not pay for a host of its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewra.codec.limits import Limits
    from viewra.host.facade import Host
    from viewra.host.installed.settings import PluginSettings, Setting
    from viewra.host.plugin import Plugin
    from viewra.host.running.launch_spec import Connecting
    from viewra.host.running.reattach import Reattach

__all__ = ["Connecting", "Host", "Limits", "Plugin", "PluginSettings", "Reattach", "Setting"]

_HOMES = {
    "Connecting": "viewra.host.running.launch_spec",
    "Host": "viewra.host.facade",
    "Limits": "viewra.codec.limits",
    "Plugin": "viewra.host.plugin",
    "PluginSettings": "viewra.host.installed.settings",
    "Reattach": "viewra.host.running.reattach",
    "Setting": "viewra.host.installed.settings",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
