"""Searches the library's full-text index and the plugins' own sources, and makes one ranked list of both."""

from __future__ import annotations

import os
from collections.abc import Sequence

import sqlalchemy as sa

from viewra.db.failures import damaged_index
from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading
from viewra.errors import PluginError, UsageError
from viewra.hookspecs import Hooks
from viewra.library import fulltext
from viewra.library.paths import join
from viewra.library.query import Query, parse
from viewra.types import SearchHit, SearchPage, SearchResult

ROWS_A_QUERY = 500
LIBRARY = "library"
"""The source of hits that are files of the library."""


def search(engine: sa.Engine, hook: Hooks | None, query: str, limit: int = 50, offset: int = 0) -> SearchPage:
    """The hits number ``offset`` to ``offset + limit`` for ``query``, best first; ``hook`` None: of the library alone.

    The best file of the library scores 1, the others in proportion; plugins' scores are taken as they are, within 0
    and 1. A plugin that fails is among the page's errors. Raises ``UsageError`` for an unknown field, a query without a
    word, or a negative ``limit`` or ``offset``, and ``DatabaseError``.
    """
    if not query.strip():
        raise UsageError("nothing to search for", hint='for example: viewra search "artist:bach mass"')
    if limit < 0 or offset < 0:
        raise UsageError("a search cannot have a negative limit or offset")
    parsed = parse(query)
    if not parsed.alternatives:
        return SearchPage(0)
    wanted = limit + offset
    total, hits = _search_library(engine, parsed, wanted)
    errors: list[PluginError] = []
    # A page of the whole needs every source's hits from its first on.
    for result in hook.search(query=parsed.for_plugins(), limit=wanted, offset=0) if hook is not None else ():
        if result.error is not None:
            errors.append(result.error)
        elif result.value is not None:
            total += max(result.value.total_count, len(result.value.results))
            hits.extend(_plugin_hit(result.plugin_id, found) for found in result.value.results[:wanted])
    hits.sort(key=lambda hit: -hit.score)  # stable: the library comes first among equals
    return SearchPage(total, tuple(hits[offset:wanted]), tuple(errors))


def _search_library(engine: sa.Engine, query: Query, limit: int) -> tuple[int, list[SearchHit]]:
    index = fulltext.media_search
    with reading(engine) as connection:
        hit = fulltext.matches(connection, query)
        ranked = sa.select(index, fulltext.rank(connection, query).label("rank")).where(hit)
        best = ranked.order_by(sa.text("rank"), index.c.rowid).limit(limit)
        total = connection.execute(sa.select(sa.func.count()).select_from(index).where(hit)).scalar_one()
        rows = connection.execute(best).all()
        blind = fulltext.blindness(connection) if not total else ""
        paths = _paths(connection, [row.rowid for row in rows])
    if blind:
        raise damaged_index(engine.url, blind)
    top = rows[0].rank if rows else -1.0
    return total, [
        SearchHit(
            path=os.fsdecode(paths[row.rowid]),
            title=row.title,
            artist=row.artist,
            album=row.album,
            score=row.rank / top if top else 1.0,
            source=LIBRARY,
        )
        for row in rows
        if row.rowid in paths
    ]


def _paths(connection: sa.Connection, file_ids: Sequence[int]) -> dict[int, bytes]:
    """Where files are, by id. Asked for apart: joined to the hits, SQLite would rank them twice."""
    places = sa.select(media_files.c.id, directories.c.path, media_files.c.name)
    places = places.join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    paths: dict[int, bytes] = {}
    for start in range(0, len(file_ids), ROWS_A_QUERY):
        some = media_files.c.id.in_(file_ids[start : start + ROWS_A_QUERY])
        paths.update((row.id, join(row.path, row.name)) for row in connection.execute(places.where(some)))
    return paths


def _plugin_hit(plugin_id: str, found: SearchResult) -> SearchHit:
    """A hit of a plugin: its ``path`` is what its metadata names so, else the plugin's own id of it."""
    return SearchHit(
        path=found.metadata.get("path", found.id),
        title=found.title,
        artist=found.artist,
        album=found.album,
        score=min(1.0, max(0.0, found.score)) if found.score == found.score else 0.0,
        source=plugin_id,
    )
