"""Lists albums, each with a file that a query asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.catalogue_tables import albums
from viewra.db.transactions import reading
from viewra.library.listing import groups
from viewra.library.listing.paging import Key
from viewra.library.query.fields import unknown
from viewra.library.query.parser import parse
from viewra.library.query.tree import Sort
from viewra.types import Album, Page

_SORTS: Mapping[str, Sequence[sa.ColumnElement[Any]]] = {
    "added": (albums.c.added_at,),
    "album": (albums.c.sort_title,),
    "artist": (albums.c.sort_artist, albums.c.sort_title),
    "id": (),
    "title": (albums.c.sort_title,),
    "year": (albums.c.year,),
}
"""What each order of albums compares."""


def list_albums(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Album]:
    """Return a page of the albums that have a file that a query asks for, in its order, else by artist and title.

    Raises ``UsageError`` for a query that cannot be read, a cursor of another listing and a limit outside 1 … 10,000.
    """
    asked = parse(query)
    keys = _keys(asked.sort)
    with reading(engine) as connection:
        wanted = groups.wanted(connection, asked.root, albums.c.id, groups.ALBUM)
        statement = sa.select(albums).where(albums.c.files > 0, wanted.condition)
        return groups.page(connection, statement, keys, album_of, wanted, after=after, limit=limit)


def get_album(engine: sa.Engine, album_id: int) -> Album:
    """Return one album. Raises ``UsageError`` when there is none with this id."""
    with reading(engine) as connection:
        row = connection.execute(sa.select(albums).where(albums.c.id == album_id, albums.c.files > 0)).one_or_none()
    if row is None:
        raise groups.not_there("album", album_id)
    return album_of(row)


def album_of(row: Any) -> Album:
    """Make the album of a row of ``albums``."""
    return Album(
        id=row.id,
        album=row.title,
        albumartist=row.artist,
        year=row.year or None,
        files=row.files,
        duration_s=row.duration_ms / 1000,
        musicbrainz_id=row.musicbrainz_id,
        added_at=row.added_at,
    )


def _keys(sorts: Sequence[Sort]) -> Sequence[Key]:
    for sort in sorts:
        if sort.field not in _SORTS:
            raise unknown("cannot sort albums by", sort.field, sort.at, _SORTS)
    keys = [Key(column, sort.descending) for sort in sorts or (Sort("artist"),) for column in _SORTS[sort.field]]
    return (*keys, Key(albums.c.id, bool(sorts) and sorts[-1].descending))
