"""The search, as an author implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import SearchCapabilities, SearchResponse


@runtime_checkable
class SearchService(Protocol):
    """Answers searches from a source of its own."""

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        """MUST return at most ``limit`` hits from ``offset`` on. ``query`` maps fields to text; ``q`` is any field."""
        ...

    def get_search_capabilities(self) -> SearchCapabilities:
        """MUST return what it can search by."""
        ...
