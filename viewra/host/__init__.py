"""The host: the facade, and what keeps plugins: discovery, registry, one supervisor per plugin, in-process ones."""

from __future__ import annotations

from viewra.host.facade import Host
from viewra.host.handle import Plugin

__all__ = ["Host", "Plugin"]
