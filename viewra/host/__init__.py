"""The host: the facade, and what keeps plugins: discovery, registry, one supervisor per plugin, in-process ones."""

from __future__ import annotations

from viewra.codec.limits import Limits
from viewra.host.facade import Host
from viewra.host.handle import Plugin
from viewra.host.reattach import Reattach
from viewra.host.settings import PluginSettings, Setting
from viewra.host.spec import Connecting

__all__ = ["Connecting", "Host", "Limits", "Plugin", "PluginSettings", "Reattach", "Setting"]
