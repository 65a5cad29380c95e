"""Lists groups of files, such as albums or artists, that have a file that matches a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa

from viewra.db.catalogue_tables import albums, artists, catalogue, file_artists, file_genres, genres, series
from viewra.db.tables import media_files
from viewra.db.transactions import looking, reading
from viewra.errors import NotFound
from viewra.library.listing import files, paging
from viewra.library.listing.paging import Key
from viewra.library.query.plan import Plan, plan
from viewra.library.query.tree import And, Node, Query
from viewra.types import Page

T = TypeVar("T")

FILES_A_LOOK = 500
GROUPS_A_LOOK = 500


@attrs.frozen(eq=False)  # of statements, made once each
class Grouping:
    """A kind of groups: the column of their ids, and the statement that has the group of each file."""

    group_id: sa.ColumnElement[int]
    membership: sa.Select[int, Any]


ALBUM = Grouping(albums.c.id, sa.select(catalogue.c.media_file_id, catalogue.c.album_id.label("group_id")))
SERIES = Grouping(series.c.id, sa.select(catalogue.c.media_file_id, catalogue.c.series_id.label("group_id")))
GENRE = Grouping(genres.c.id, sa.select(file_genres.c.media_file_id, file_genres.c.genre_id.label("group_id")))
_ARTIST = sa.select(file_artists.c.media_file_id, file_artists.c.artist_id.label("group_id"))
ARTIST = Grouping(artists.c.id, _ARTIST)
ARTIST_OF_ROLE = {
    role: Grouping(artists.c.id, _ARTIST.where(file_artists.c.role == role)) for role in ("artist", "albumartist")
}


def page(
    engine: sa.Engine,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    make: Callable[[Sequence[Any]], Iterable[T]],
    root: Node,
    grouping: Grouping,
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return a page, as ``paging.page`` does, of the groups that have a file that matches ``root``."""
    with looking(engine) as connection:
        if root == And(()):
            return paging.page(connection, statement, keys, make, after=after, limit=limit)
        planned = plan(connection, Query(root))
        if planned.rest is None:
            found = _with_files(statement, planned, grouping)
            return paging.page(connection, found, keys, make, after=after, limit=limit)
    with reading(engine) as connection:
        return _page_looked_at(connection, statement, keys, make, planned, grouping, after=after, limit=limit)


def _page_looked_at(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    make: Callable[[Sequence[Any]], Iterable[T]],
    planned: Plan,
    grouping: Grouping,
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return a page of the groups with a file whose metadata matches."""
    paging.check_limit(limit)
    wanted = _looked_at(connection, planned, grouping)
    rows: list[Any] = []
    place = paging.read(after, keys) if after is not None else None
    while True:
        some = paging.rows(connection, statement, keys, place, GROUPS_A_LOOK)
        for row in some:
            if row.id in wanted:
                if len(rows) == limit:
                    return Page(tuple(make(rows)), paging.write(paging.position(rows[-1], statement, keys), keys))
                rows.append(row)
        if len(some) < GROUPS_A_LOOK:
            return Page(tuple(make(rows)))
        place = paging.position(some[-1], statement, keys)


@lru_cache(maxsize=64)
def _with_files(
    statement: sa.Select[*tuple[Any, ...]], planned: Plan, grouping: Grouping
) -> sa.Select[*tuple[Any, ...]]:
    member = grouping.membership.subquery()
    having = sa.select(member.c.group_id).where(member.c.media_file_id.in_(files.ids(planned)))
    return statement.where(grouping.group_id.in_(having))


def not_there(what: str, number: int) -> NotFound:
    """Return the error for an unknown id."""
    return NotFound(f"there is no {what} with the id {number}", hint="its files may be missing, or have other tags now")


def _looked_at(connection: sa.Connection, planned: Plan, grouping: Grouping) -> frozenset[int]:
    found: set[int] = set()
    ids: list[int] = []
    (by_id,) = (Key(media_files.c.id),)

    def add() -> None:
        member = grouping.membership.subquery()
        rows = sa.select(member.c.group_id).where(member.c.media_file_id.in_(ids), member.c.group_id.is_not(None))
        found.update(connection.execute(rows).scalars())
        ids.clear()

    for row in files.matching(connection, planned, [by_id]):
        ids.append(row.id)
        if len(ids) == FILES_A_LOOK:
            add()
    add()
    return frozenset(found)
