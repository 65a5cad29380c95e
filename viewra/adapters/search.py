"""The host's side of the search; its mirror image is viewra/sdk/servicers/search.py."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.codec import search as codec
from viewra.hookspecs import hookimpl
from viewra.types import Result, SearchCapabilities, SearchResponse


class SearchClient:
    """One plugin's ``SearchService``; each method raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        """At most ``limit`` hits from ``offset`` on."""
        return self._endpoint.call(codec.SEARCH, query, limit, offset)

    def get_search_capabilities(self) -> SearchCapabilities:
        """What it can search by."""
        return self._endpoint.call(codec.GET_SEARCH_CAPABILITIES)


class SearchAdapter(ServiceAdapter):
    """One plugin behind the hooks of the search."""

    capability = codec.SERVICE

    @hookimpl(wrapper=True)
    def search(
        self, query: Mapping[str, str], limit: int, offset: int
    ) -> Generator[None, list[Result[SearchResponse]], list[Result[SearchResponse]]]:
        """Search the plugin's own source."""
        pending = self._begin(codec.SEARCH, query, limit, offset)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def get_search_capabilities(
        self,
    ) -> Generator[None, list[Result[SearchCapabilities]], list[Result[SearchCapabilities]]]:
        """Ask what it can search by."""
        pending = self._begin(codec.GET_SEARCH_CAPABILITIES)
        return self._add((yield), pending)
