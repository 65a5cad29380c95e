"""The plugin's side of each service: which author's method answers which procedure."""

from __future__ import annotations

from viewra.sdk.servicers import (
    admin_page,
    api_registration,
    database,
    lifecycle,
    metadata_scraper,
    scanner_hook,
    search,
)
from viewra.sdk.servicers._handlers import Handler, generic_handlers, handle
from viewra.sdk.servicers.lifecycle import Lifecycle
from viewra.services import Implementation


def all_handlers(plugin: Implementation, running: Lifecycle) -> list[Handler]:
    """The procedures of the lifecycle and of each service that the plugin offers."""
    handlers = lifecycle.handlers(plugin, running)
    if (scraper := plugin.metadata_scraper_service()) is not None:
        handlers += metadata_scraper.handlers(scraper)
    if (scanner := plugin.scanner_hook_service()) is not None:
        handlers += scanner_hook.handlers(scanner)
    if (tables := plugin.database_service()) is not None:
        handlers += database.handlers(tables)
    if (pages := plugin.admin_page_service()) is not None:
        handlers += admin_page.handlers(pages)
    if (routes := plugin.api_registration_service()) is not None:
        handlers += api_registration.handlers(routes)
    if (index := plugin.search_service()) is not None:
        handlers += search.handlers(index)
    return handlers


__all__ = ["Handler", "Lifecycle", "all_handlers", "generic_handlers", "handle"]
