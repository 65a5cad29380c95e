"""Answers of a plugin's search service."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.types.convert import texts


@attrs.frozen
class SearchResult:
    """One hit. ``score`` is 0 (worst) to 1 (best), comparable within one answer only."""

    id: str
    title: str
    artist: str = ""
    album: str = ""
    score: float = 0.0
    metadata: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class SearchResponse:
    """One page of hits: ``total_count`` counts all hits, not only these; ``has_more`` says whether more follow."""

    results: tuple[SearchResult, ...] = attrs.field(default=(), converter=tuple[SearchResult, ...])
    total_count: int = 0
    has_more: bool = False


@attrs.frozen
class SearchCapabilities:
    """The capabilities of a search service; ``max_results`` bounds ``limit`` (0: no bound)."""

    supported_fields: tuple[str, ...] = attrs.field(default=(), converter=texts)
    supports_pagination: bool = False
    max_results: int = 0
