"""Lists what files belong to, such as albums or artists, by those of them that have a file that a query asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue, file_artists, file_genres
from viewra.db.tables import media_files
from viewra.errors import UsageError
from viewra.library.listing import files, paging
from viewra.library.listing.paging import Key
from viewra.library.query.plan import Plan, plan
from viewra.library.query.tree import And, Node, Query
from viewra.types import Page

T = TypeVar("T")

FILES_A_LOOK = 500
GROUPS_A_LOOK = 500

ALBUM = sa.select(catalogue.c.media_file_id, catalogue.c.album_id.label("group_id"))
SERIES = sa.select(catalogue.c.media_file_id, catalogue.c.series_id.label("group_id"))
ARTIST = sa.select(file_artists.c.media_file_id, file_artists.c.artist_id.label("group_id"))
GENRE = sa.select(file_genres.c.media_file_id, file_genres.c.genre_id.label("group_id"))


@attrs.frozen
class Wanted:
    """Which groups have a file that is asked for: by a condition, and by ids where metadata had to be looked at."""

    condition: sa.ColumnElement[bool]
    ids: frozenset[int] | None = None


def wanted(
    connection: sa.Connection, root: Node, group_id: sa.ColumnElement[int], membership: sa.Select[int, Any]
) -> Wanted:
    """Return which groups have a file that meets ``root``; ``membership`` has the group of each file."""
    if root == And(()):
        return Wanted(sa.true())
    planned = plan(connection, Query(root))
    statement = files.selected(connection, planned)
    if planned.rest is None:
        found = statement.with_only_columns(media_files.c.id, maintain_column_froms=True)
        member = membership.subquery()
        return Wanted(group_id.in_(sa.select(member.c.group_id).where(member.c.media_file_id.in_(found))))
    return Wanted(sa.true(), _looked_at(connection, planned, statement, membership))


def page(
    connection: sa.Connection,
    statement: sa.Select[*tuple[Any, ...]],
    keys: Sequence[Key],
    make: Callable[[Any], T],
    asked: Wanted,
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return a page of groups, as ``paging.page`` does."""
    if asked.ids is None:
        return paging.page(connection, statement, keys, make, after=after, limit=limit)
    paging.check_limit(limit)
    found: list[Any] = []
    cursor = after
    while True:
        part = paging.page(connection, statement, keys, lambda row: row, after=cursor, limit=GROUPS_A_LOOK)
        for row in part.items:
            if row.id in asked.ids:
                if len(found) == limit:
                    return Page(tuple(map(make, found)), paging.write(paging.position(found[-1], keys)))
                found.append(row)
        if part.next is None:
            return Page(tuple(map(make, found)))
        cursor = part.next


def not_there(what: str, number: int) -> UsageError:
    """Return the error for an id that nothing has."""
    return UsageError(
        f"there is no {what} with the id {number}", hint="its files may be missing, or have other tags now"
    )


def _looked_at(
    connection: sa.Connection, planned: Plan, statement: sa.Select[*tuple[Any, ...]], membership: sa.Select[int, Any]
) -> frozenset[int]:
    found: set[int] = set()
    ids: list[int] = []
    (by_id,) = (Key(media_files.c.id),)

    def add() -> None:
        member = membership.subquery()
        rows = sa.select(member.c.group_id).where(member.c.media_file_id.in_(ids), member.c.group_id.is_not(None))
        found.update(connection.execute(rows).scalars())
        ids.clear()

    for row in files.matching(connection, planned, statement, [by_id]):
        ids.append(row.id)
        if len(ids) == FILES_A_LOOK:
            add()
    add()
    return frozenset(found)
