"""Lists artists, genres, years and series of the existing files."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Literal

import sqlalchemy as sa

from viewra.db.catalogue_tables import artists, catalogue, file_artists, file_genres, genres, series
from viewra.db.numbers import is_id
from viewra.db.transactions import looking
from viewra.errors import UsageError
from viewra.library.listing import groups, paging
from viewra.library.listing.filling import filled
from viewra.library.listing.linked import is_named
from viewra.library.listing.paging import Key
from viewra.library.query.parser import parse
from viewra.library.query.tree import Node
from viewra.types import Artist, Genre, Page, Season, Series, Year

ArtistRole = Literal["artist", "albumartist"]
"""What files name an artist as: one who is credited, or the one of the album."""


def list_artists(
    engine: sa.Engine,
    query: str = "",
    *,
    role: ArtistRole | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Artist]:
    """Return a page of the artists of the files that match a query, by sort name.

    ``role``: only those that these files name in it. Raises ``UsageError`` for an invalid query, a cursor of another
    listing and a limit outside 1 … 10,000.
    """
    grouping = groups.ARTIST if role is None else groups.ARTIST_OF_ROLE[role]
    statement, root = _artists_with_files(role), _root(query, "artists")
    return groups.page(
        engine, statement, _ARTISTS_IN_ORDER, partial(filled, Artist), root, grouping, after=after, limit=limit
    )


def get_artist(engine: sa.Engine, artist_id: int) -> Artist:
    """Return one artist. Raises ``UsageError`` if there is none with this id."""
    if not is_id(artist_id):
        raise groups.not_there("artist", artist_id)
    with looking(engine) as connection:
        there = is_named(file_artists.c.artist_id, artists.c.id)
        row = connection.execute(_ARTISTS.where(artists.c.id == artist_id, there)).one_or_none()
    if row is None:
        raise groups.not_there("artist", artist_id)
    return Artist(*row)


def list_genres(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Genre]:
    """Return a page of the genres of the files that match a query, by name. Raises as ``list_artists``."""
    root = _root(query, "genres")
    return groups.page(
        engine, _GENRES, _GENRES_IN_ORDER, partial(filled, Genre), root, groups.GENRE, after=after, limit=limit
    )


def list_years(engine: sa.Engine, *, after: str | None = None, limit: int = 100) -> Page[Year]:
    """Return a page of the years of files, newest first. Raises ``UsageError`` as ``list_artists``."""
    with looking(engine) as connection:
        return paging.page(connection, _YEARS, _YEARS_IN_ORDER, partial(filled, Year), after=after, limit=limit)


def list_series(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Series]:
    """Return a page of the series of the files that match a query, by title. Raises as ``list_artists``."""
    root = _root(query, "series")
    return groups.page(
        engine, _SERIES, _SERIES_IN_ORDER, partial(filled, Series), root, groups.SERIES, after=after, limit=limit
    )


def list_seasons(engine: sa.Engine, series_id: int) -> tuple[Season, ...]:
    """Return the seasons of a series. Raises ``UsageError`` if there is no such series."""
    if not is_id(series_id):
        raise groups.not_there("series", series_id)
    count = sa.select(catalogue.c.season, sa.func.count().label("episodes")).where(catalogue.c.series_id == series_id)
    with looking(engine) as connection:
        rows = connection.execute(count.group_by(catalogue.c.season).order_by(catalogue.c.season)).all()
    if not rows:
        raise groups.not_there("series", series_id)
    return tuple(Season(series_id, row.season, row.episodes) for row in rows)


def _root(query: str, what: str) -> Node:
    asked = parse(query)
    for sort in asked.sort:
        raise UsageError(
            f"the query, column {sort.at + 1}: {what} have one order, that of their names",
            hint=f"leave out sort:{sort.field}",
        )
    return asked.root


def _named_as(role: str) -> sa.ColumnElement[bool]:
    return sa.and_(file_artists.c.artist_id == artists.c.id, file_artists.c.role == role)


_WITH_ALBUM = sa.join(file_artists, catalogue, catalogue.c.media_file_id == file_artists.c.media_file_id)
_ARTISTS = sa.select(
    artists.c.id,
    artists.c.name,
    sa.select(sa.func.count()).where(_named_as("artist")).scalar_subquery().label("files"),
    sa.select(sa.func.count(catalogue.c.album_id.distinct()))
    .select_from(_WITH_ALBUM)
    .where(_named_as("albumartist"))
    .scalar_subquery()
    .label("albums"),
    artists.c.musicbrainz_id,
)
_ARTISTS_IN_ORDER = (Key(artists.c.sort_name), Key(artists.c.id))

_GENRES = sa.select(
    genres.c.id,
    genres.c.name,
    sa.select(sa.func.count()).where(file_genres.c.genre_id == genres.c.id).scalar_subquery().label("files"),
).where(is_named(file_genres.c.genre_id, genres.c.id))
_GENRES_IN_ORDER = (Key(genres.c.key), Key(genres.c.id))

_YEARS = sa.select(catalogue.c.year, sa.func.count().label("files")).where(catalogue.c.year > 0)
_YEARS = _YEARS.group_by(catalogue.c.year)
_YEARS_IN_ORDER = (Key(catalogue.c.year, descending=True),)

_IN_SERIES = catalogue.c.series_id == series.c.id
_SERIES = sa.select(
    series.c.id,
    series.c.title,
    sa.select(sa.func.count(catalogue.c.season.distinct())).where(_IN_SERIES).scalar_subquery().label("seasons"),
    sa.select(sa.func.count()).where(_IN_SERIES).scalar_subquery().label("episodes"),
).where(is_named(catalogue.c.series_id, series.c.id))
_SERIES_IN_ORDER = (Key(series.c.key), Key(series.c.id))


@lru_cache
def _artists_with_files(role: ArtistRole | None) -> sa.Select[*tuple[Any, ...]]:
    in_role = [] if role is None else [file_artists.c.role == role]
    return _ARTISTS.where(is_named(file_artists.c.artist_id, artists.c.id, *in_role))
