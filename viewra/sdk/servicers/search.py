"""The plugin's side of the search; its mirror image is viewra/adapters/search.py."""

from __future__ import annotations

from viewra.codec import search as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import SearchService


def handlers(service: SearchService) -> list[Handler]:
    """The procedures of the search."""
    return [
        handle(codec.SEARCH, service.search),
        handle(codec.GET_SEARCH_CAPABILITIES, service.get_search_capabilities),
    ]
