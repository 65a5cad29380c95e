"""Searches the library and the plugins' own sources, and makes one ranked list of them.

Scores of different sources cannot be compared, so hits are ranked by their places: each source gives a hit 1 / (60 +
its place there), and a file that several sources found has the sum (reciprocal rank fusion; Cormack, Clarke, Büttcher).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from viewra.db.failures import damaged_index
from viewra.db.tables import media_files
from viewra.db.transactions import looking, reading
from viewra.errors import PluginError, UsageError
from viewra.library import broad, fulltext, ranking
from viewra.library.listing import files, paging
from viewra.library.listing.counting import count_up_to
from viewra.library.listing.filling import filled
from viewra.library.listing.paging import Key
from viewra.library.paths import join
from viewra.library.query.parser import parse
from viewra.library.query.plan import Plan, plan
from viewra.library.query.tree import Node, Query
from viewra.types import SearchHit, SearchPage, SearchResult

if TYPE_CHECKING:  # light start: a search of the library alone calls no hook
    from viewra.hookspecs import Hooks

LIBRARY = "library"
"""The source of hits that are files in the library."""

MAX_COUNTED = 10_000
"""How many hits of the library are counted and ranked: nobody reads on until there, and a million take long."""

MOST_ROWS = 2**31 - 1
"""How many rows a database can be asked for."""

RANK_CONSTANT = 60
"""How little the first places of a source count more than those behind them."""


def search(engine: sa.Engine, hook: Hooks | None, query: str, limit: int = 50, offset: int = 0) -> SearchPage:
    """Return the hits number ``offset`` to ``offset + limit`` for ``query``, best first.

    ``hook`` None: only the library is searched. The best file of the library scores 1, the others in proportion; the
    scores of plugins are taken as they are, within 0 and 1. A plugin that fails is among the page's errors. The page
    has what was probably meant where nothing is found. Raises ``UsageError`` for a query that is empty or cannot be
    read, for a negative ``limit`` or ``offset``, and ``DatabaseError``.
    """
    asked = parse(query)
    if asked.is_empty:
        raise UsageError("nothing to search for", hint='for example: viewra search "artist:bach mass"')
    if limit < 0 or offset < 0:
        raise UsageError("a search cannot have a negative limit or offset")
    wanted = min(limit + offset, MOST_ROWS)
    total, hits = _search_library(engine, asked, wanted)
    has_more = total > MAX_COUNTED
    total = min(total, MAX_COUNTED)
    sources = [hits]
    errors: list[PluginError] = []
    fields = asked.for_plugins() if not asked.sort else {}  # no plugin knows the library's orders
    # A page of the whole needs every source's hits from its first on.
    for result in hook.search(query=fields, limit=wanted, offset=0) if hook is not None and fields else ():
        if result.error is not None:
            errors.append(result.error)
        elif result.value is not None:
            count = max(result.value.total_count, len(result.value.results))
            total += min(count, MAX_COUNTED)
            has_more = has_more or count > MAX_COUNTED
            found = [_plugin_hit(result.plugin_id, hit) for hit in result.value.results[:wanted]]
            sources.append(sorted(found, key=lambda hit: -hit.score))
    ranked = sources[0] if len(sources) == 1 else _fused(sources)
    meant = _did_you_mean(engine, query) if not ranked and not total else None
    return SearchPage(total, tuple(ranked[offset:wanted]), tuple(errors), has_more, meant)


def _did_you_mean(engine: sa.Engine, query: str) -> str | None:
    from viewra.library import suggesting  # light start: only for queries that find nothing

    with reading(engine) as connection:
        return suggesting.did_you_mean(connection, query)


def _search_library(engine: sa.Engine, query: Query, limit: int) -> tuple[int, list[SearchHit]]:
    total = 0
    with looking(engine) as connection:
        planned = plan(connection, query)
        text = planned.text if planned.rest is None and not query.sort else None
        if text is not None:
            total, best = ranking.best(connection, planned, text, wanted=limit, most=MAX_COUNTED)
            if 0 < total <= MAX_COUNTED:
                return total, _hits(best)
    with reading(engine) as connection:
        if text is None:
            total, hits = _search_planned(connection, planned, query, limit)
        else:
            hits = _search_broad(connection, planned, text, limit) if total else []
        blind = fulltext.blindness(connection) if planned.text is not None and not total else ""
    if blind:
        raise damaged_index(engine.url, blind)
    return total, hits


def _search_planned(connection: sa.Connection, planned: Plan, query: Query, limit: int) -> tuple[int, list[SearchHit]]:
    if planned.text is not None and not query.sort:
        return _search_looked_at(connection, planned, ranking.ranks(planned, planned.text))
    keys = files.sort_keys(planned.database, query.sort, planned.with_missing)
    if planned.rest is not None:
        rows = [*islice(files.matching(connection, planned, keys), MAX_COUNTED + 1)]
        return len(rows), _hits([*map(_hit, rows[:limit])])
    rows = [*paging.rows(connection, files.in_order(connection, planned, keys), keys, None, limit)]
    return count_up_to(connection, files.selected(planned), MAX_COUNTED), _hits([*map(_hit, rows)])


def _search_broad(connection: sa.Connection, planned: Plan, text: Node, limit: int) -> list[SearchHit]:
    hits = broad.ranked(connection, text, ranking.conditions(planned), wanted=limit, most=MAX_COUNTED)
    found = files.by_ids(connection, [hit.rowid for hit in hits])
    return _hits([_hit(found[hit.rowid], hit.rank) for hit in hits if hit.rowid in found])


def _search_looked_at(
    connection: sa.Connection, planned: Plan, hits: sa.Select[*tuple[Any, ...]]
) -> tuple[int, list[SearchHit]]:
    """Search by words and by metadata that no column has."""
    found = {row.id: row for row in files.matching(connection, planned, [Key(media_files.c.id)])}
    ranked = connection.execute(hits.order_by(sa.text("rank"), fulltext.media_search.c.rowid))
    return len(found), _hits([_hit(found[hit.rowid], hit.rank) for hit in ranked if hit.rowid in found])


def _hits(ranked: Sequence[ranking.Hit]) -> list[SearchHit]:
    """Make hits, best first; without ranks, which are below 0, all score 1."""
    top = ranked[0][0] if ranked else 0.0
    values = (
        (os.fsdecode(join(folder, name)), title, artist, album, rank / top if top else 1.0, LIBRARY)
        for rank, folder, name, title, artist, album in ranked
    )
    return [*filled(SearchHit, values)]


def _hit(row: Any, rank: float = 0.0) -> ranking.Hit:
    return rank, row.path, row.name, row.title, row.artist, row.album


def _fused(sources: Sequence[Sequence[SearchHit]]) -> list[SearchHit]:
    """Make one list of several; a hit that the library has too is the library's. A source names each hit once."""
    ranks: dict[str | tuple[str, int], float] = {}
    hits: dict[str | tuple[str, int], SearchHit] = {}
    for source in sources:
        named: set[str] = set()
        for place, hit in enumerate(source):
            if hit.path in named:
                continue
            named.add(hit.path)
            same = hit.path if hit.source == LIBRARY or hit.path in hits else (hit.source, place)
            ranks[same] = ranks.get(same, 0.0) + 1 / (RANK_CONSTANT + place)
            hits.setdefault(same, hit)
    return [hits[same] for same in sorted(hits, key=lambda same: -ranks[same])]  # stable: the library comes first


def _plugin_hit(plugin_id: str, found: SearchResult) -> SearchHit:
    """Make a hit of a plugin's, with the path or address that its metadata names, else with the plugin's own id."""
    return SearchHit(
        path=found.metadata.get("path") or found.metadata.get("url") or found.id,
        title=found.title,
        artist=found.artist,
        album=found.album,
        score=min(1.0, max(0.0, found.score)) if found.score == found.score else 0.0,
        source=plugin_id,
    )
