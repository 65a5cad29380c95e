"""The check suite of searches."""

from __future__ import annotations

import math
from collections.abc import Mapping

from viewra.services import SearchService
from viewra.testing.checks._common import offered, text_map


def check_search(service: SearchService | None, *, query: Mapping[str, str] | None = None) -> None:
    """Check a search with one query that should have hits (``query``, by default any field for "a")."""
    search = offered(service, "search")
    capabilities = search.get_search_capabilities()
    wanted = dict(query or {"q": "a"})
    limit = min(10, capabilities.max_results or 10)
    found = search.search(wanted, limit, 0)
    assert len(found.results) <= limit, f"{len(found.results)} hits for a limit of {limit}"
    assert found.total_count >= len(found.results), "total_count is less than the hits returned"
    for hit in found.results:
        assert hit.id, f"a hit has no id: {hit}"
        assert math.isfinite(hit.score), f"hit {hit.id}: score {hit.score}"
        assert 0 <= hit.score <= 1, f"hit {hit.id}: score {hit.score} is not from 0 to 1"
        text_map(hit.metadata, f"hit {hit.id}")
    if query is not None:
        assert found.results, f"nothing was found for {query}"
    if capabilities.supports_pagination and found.total_count:
        beyond = search.search(wanted, limit, found.total_count)
        assert not beyond.results, "the hits exceed total_count"
    nothing = search.search({"q": "\u2400 no such thing \u2400"}, limit, 0)
    assert not nothing.has_more or nothing.results, "has_more without any hit"
