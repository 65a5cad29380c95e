"""Lists the albums that have a file that matches a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from viewra.db.catalogue_tables import albums
from viewra.db.numbers import is_id
from viewra.db.transactions import looking
from viewra.library.listing import groups
from viewra.library.listing.filling import known_number, seconds, unfrozen
from viewra.library.listing.paging import Key
from viewra.library.query.fields import unknown
from viewra.library.query.parser import parse
from viewra.library.query.tree import Sort, up_to_id
from viewra.types import Album, Page

_SORTS: Mapping[str, Sequence[sa.ColumnElement[Any]]] = {
    "added": (albums.c.added_at,),
    "album": (albums.c.sort_title,),
    "artist": (albums.c.sort_artist, albums.c.sort_title),
    "id": (),
    "title": (albums.c.sort_title,),
    "year": (albums.c.year,),
}
"""The columns of each sort order of albums."""

_COLUMNS = (
    *(albums.c.id, albums.c.title, albums.c.artist, known_number(albums.c.year), albums.c.files),
    *(seconds(albums.c.duration_ms), albums.c.musicbrainz_id, albums.c.added_at),
)
"""The columns of the fields of ``Album``."""

_ALBUMS = sa.select(*_COLUMNS).where(albums.c.files > 0)


def list_albums(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Album]:
    """Return a page of the albums that have a matching file, in the query's order, else by artist and title.

    Raises ``UsageError`` for an invalid query, a cursor of another listing and a limit outside 1 … 10,000.
    """
    asked = parse(query)
    keys = _keys(asked.sort)
    return groups.page(engine, _ALBUMS, keys, made, asked.root, groups.ALBUM, after=after, limit=limit)


def get_album(engine: sa.Engine, album_id: int) -> Album:
    """Return one album. Raises ``UsageError`` if there is none with this id."""
    if not is_id(album_id):
        raise groups.not_there("album", album_id)
    with looking(engine) as connection:
        row = connection.execute(_ALBUMS.where(albums.c.id == album_id)).one_or_none()
    if row is None:
        raise groups.not_there("album", album_id)
    return Album(*row)


def made(rows: Sequence[Any]) -> Iterator[Album]:
    """Convert rows of ``_ALBUMS``."""
    new, kind = object.__new__, unfrozen(Album)
    for row in rows:  # as ``files.entries``
        album: Any = new(kind)
        (
            album.id, album.album, album.albumartist, album.year, album.files, album.duration_s,
            album.musicbrainz_id, album.added_at,
        ) = row[: len(_COLUMNS)]  # fmt: skip
        album.__class__ = Album
        yield album


@lru_cache(maxsize=64)
def _keys(sorts: tuple[Sort, ...]) -> Sequence[Key]:
    for sort in sorts:
        if sort.field not in _SORTS:
            raise unknown("cannot sort albums by", sort.field, sort.at, _SORTS)
    sorts = up_to_id(sorts)
    keys = [Key(column, sort.descending) for sort in sorts or (Sort("artist"),) for column in _SORTS[sort.field]]
    return (*keys, Key(albums.c.id, bool(sorts) and sorts[-1].descending))
