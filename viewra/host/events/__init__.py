"""Takes events to the plugins that subscribe to them: ``Events``, one for a host."""

from __future__ import annotations

from viewra.host.events.events import Events

__all__ = ["Events"]
