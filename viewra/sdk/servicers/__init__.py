"""The plugin's side of each service: which author's method answers which procedure."""

from __future__ import annotations

import importlib

from viewra.sdk.servicers import lifecycle
from viewra.sdk.servicers._handlers import Handler, add_handlers, handle
from viewra.sdk.servicers.lifecycle import Lifecycle
from viewra.services import Implementation

_SERVICES = ("metadata_scraper", "scanner_hook", "database", "admin_page", "api_registration", "search")


def all_handlers(plugin: Implementation, running: Lifecycle) -> list[Handler]:
    """The procedures of the lifecycle and of each service that the plugin offers."""
    handlers = lifecycle.handlers(plugin, running)
    for name in _SERVICES:
        service = getattr(plugin, f"{name}_service")()
        if service is not None:  # light start-up: what it does not offer is not imported
            handlers += importlib.import_module(f"{__name__}.{name}").handlers(service)
    return handlers


__all__ = ["Handler", "Lifecycle", "add_handlers", "all_handlers", "handle"]
