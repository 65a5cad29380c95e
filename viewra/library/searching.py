"""Searches the library and the plugins' own sources, and makes one ranked list of them.

Scores of different sources cannot be compared, so hits are ranked by their places: each source gives a hit 1 / (60 +
its place there), and a file that several sources found has the sum (reciprocal rank fusion; Cormack, Clarke, Büttcher).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.bulk import select_in
from viewra.db.failures import damaged_index
from viewra.db.tables import media_files
from viewra.db.transactions import reading
from viewra.errors import PluginError, UsageError
from viewra.hookspecs import Hooks
from viewra.library import fulltext
from viewra.library.listing import files, paging
from viewra.library.listing.paging import Key
from viewra.library.query.parser import parse
from viewra.library.query.plan import Plan, plan
from viewra.library.query.tree import Node, Query
from viewra.types import SearchHit, SearchPage, SearchResult

LIBRARY = "library"
"""The source of hits that are files in the library."""

MAX_COUNTED = 10_000
"""How many hits of the library are counted: nobody reads on until there, and counting a million takes long."""

RANK_CONSTANT = 60
"""How little the first places of a source count more than those behind them."""


def search(engine: sa.Engine, hook: Hooks | None, query: str, limit: int = 50, offset: int = 0) -> SearchPage:
    """Return the hits number ``offset`` to ``offset + limit`` for ``query``, best first.

    ``hook`` None: only the library is searched. The best file of the library scores 1, the others in proportion; the
    scores of plugins are taken as they are, within 0 and 1. A plugin that fails is among the page's errors. Raises
    ``UsageError`` for a query that is empty or cannot be read, for a negative ``limit`` or ``offset``, and
    ``DatabaseError``.
    """
    asked = parse(query)
    if asked.is_empty:
        raise UsageError("nothing to search for", hint='for example: viewra search "artist:bach mass"')
    if limit < 0 or offset < 0:
        raise UsageError("a search cannot have a negative limit or offset")
    wanted = limit + offset
    total, hits = _search_library(engine, asked, wanted)
    has_more = total > MAX_COUNTED
    total = min(total, MAX_COUNTED)
    sources = [hits]
    errors: list[PluginError] = []
    fields = asked.for_plugins()
    # A page of the whole needs every source's hits from its first on.
    for result in hook.search(query=fields, limit=wanted, offset=0) if hook is not None and fields else ():
        if result.error is not None:
            errors.append(result.error)
        elif result.value is not None:
            total += max(result.value.total_count, len(result.value.results))
            found = [_plugin_hit(result.plugin_id, hit) for hit in result.value.results[:wanted]]
            sources.append(sorted(found, key=lambda hit: -hit.score))
    ranked = sources[0] if len(sources) == 1 or asked.sort else _fused(sources)
    return SearchPage(total, tuple(ranked[offset:wanted]), tuple(errors), has_more)


def _search_library(engine: sa.Engine, query: Query, limit: int) -> tuple[int, list[SearchHit]]:
    with reading(engine) as connection:
        planned = plan(connection, query)
        total, hits = _search_planned(connection, planned, query, limit)
        blind = fulltext.blindness(connection) if planned.text is not None and not total else ""
    if blind:
        raise damaged_index(engine.url, blind)
    return total, hits


def _search_planned(connection: sa.Connection, planned: Plan, query: Query, limit: int) -> tuple[int, list[SearchHit]]:
    if planned.text is not None and not query.sort:
        return _search_ranked(connection, planned, planned.text, limit)
    statement, keys = files.selected(connection, planned), files.sort_keys(query.sort, planned)
    if planned.rest is not None:
        rows = [*islice(files.matching(connection, planned, statement, keys), MAX_COUNTED + 1)]
        return len(rows), [*map(_hit, rows[:limit])]
    rows = [*connection.execute(paging.behind(statement, keys, None).limit(limit))]
    return _count(connection, statement), [*map(_hit, rows)]


def _search_ranked(connection: sa.Connection, planned: Plan, text: Node, limit: int) -> tuple[int, list[SearchHit]]:
    """Search by words: first the index is asked, then the files are looked up. A join would rank each hit twice."""
    index = fulltext.media_search
    hits = sa.select(index.c.rowid, fulltext.rank(connection, text).label("rank"))
    hits = hits.where(fulltext.matches(connection, text))
    if planned.rest is not None:
        return _search_looked_at(connection, planned, hits)
    without_text = attrs.evolve(planned, text=None)
    if planned.where:
        ids = files.selected(connection, without_text).with_only_columns(media_files.c.id, maintain_column_froms=True)
        hits = hits.where(index.c.rowid.in_(ids))
    best = connection.execute(hits.order_by(sa.text("rank"), index.c.rowid).limit(limit)).all()
    entries = files.selected(connection, attrs.evolve(without_text, where=()))
    found = select_in(connection, [hit.rowid for hit in best], lambda some: entries.where(media_files.c.id.in_(some)))
    return _count(connection, hits), _hits({row.id: row for row in found}, best)


def _search_looked_at(
    connection: sa.Connection, planned: Plan, hits: sa.Select[*tuple[Any, ...]]
) -> tuple[int, list[SearchHit]]:
    """Search by words and by metadata that no column has."""
    entries = files.selected(connection, planned)
    found = {row.id: row for row in files.matching(connection, planned, entries, [Key(media_files.c.id)])}
    ranked = connection.execute(hits.order_by(sa.text("rank"), fulltext.media_search.c.rowid))
    return len(found), _hits(found, [hit for hit in ranked if hit.rowid in found])


def _count(connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]]) -> int:
    counted = statement.with_only_columns(sa.literal(1), maintain_column_froms=True).limit(MAX_COUNTED + 1)
    return connection.execute(sa.select(sa.func.count()).select_from(counted.subquery())).scalar_one()


def _hits(found: Mapping[int, Any], ranked: Sequence[Any]) -> list[SearchHit]:
    """Make hits of files in the order of their ranks, which are at most 0."""
    top = ranked[0].rank if ranked else 0.0
    return [_hit(found[hit.rowid], hit.rank / top if top else 1.0) for hit in ranked if hit.rowid in found]


def _hit(row: Any, score: float = 1.0) -> SearchHit:
    entry = files.entry_of(row)
    return SearchHit(entry.path, entry.title, entry.artist, entry.album, score, LIBRARY)


def _fused(sources: Sequence[Sequence[SearchHit]]) -> list[SearchHit]:
    """Make one list of several; a hit that the library has too is the library's."""
    ranks: dict[str | tuple[str, int], float] = {}
    hits: dict[str | tuple[str, int], SearchHit] = {}
    for source in sources:
        for place, hit in enumerate(source):
            same = hit.path if hit.source == LIBRARY or hit.path in hits else (hit.source, place)
            ranks[same] = ranks.get(same, 0.0) + 1 / (RANK_CONSTANT + place)
            hits.setdefault(same, hit)
    return [hits[same] for same in sorted(hits, key=lambda same: -ranks[same])]  # stable: the library comes first


def _plugin_hit(plugin_id: str, found: SearchResult) -> SearchHit:
    """Make a hit of a plugin's: its ``path`` is what its metadata names so, else the plugin's own id of it."""
    return SearchHit(
        path=found.metadata.get("path", found.id),
        title=found.title,
        artist=found.artist,
        album=found.album,
        score=min(1.0, max(0.0, found.score)) if found.score == found.score else 0.0,
        source=plugin_id,
    )
