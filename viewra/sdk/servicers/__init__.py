"""The plugin's side of each service: maps procedures to the author's methods."""

from __future__ import annotations

from viewra.sdk.servicers import lifecycle
from viewra.sdk.servicers._handlers import Handler, add_handlers, handle, handle_stream
from viewra.sdk.servicers.lifecycle import Lifecycle
from viewra.services import EXTENSIONS, SERVICES, Implementation, Services


def all_handlers(plugin: Implementation, running: Lifecycle, services: Services = SERVICES) -> list[Handler]:
    """The procedures of the lifecycle and of those ``services`` that the plugin offers."""
    handlers = lifecycle.handlers(plugin, running)
    for service in (*services, *EXTENSIONS):
        offered = service.of(plugin, getattr(plugin, "_partly_is", None))
        if offered is not None:  # light start-up: the other services' modules are not imported
            handlers += service.handlers(offered)
    return handlers


__all__ = ["Handler", "Lifecycle", "add_handlers", "all_handlers", "handle", "handle_stream"]
