"""Lists artists, genres, years and series of the files that are there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from viewra.db.catalogue_tables import artists, catalogue, file_artists, file_genres, genres, series
from viewra.db.transactions import reading
from viewra.errors import UsageError
from viewra.library.listing import groups, paging
from viewra.library.listing.paging import Key
from viewra.library.query.parser import parse
from viewra.library.query.tree import Node
from viewra.types import Artist, Genre, Page, Season, Series, Year


def list_artists(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Artist]:
    """Return a page of the artists of the files that a query asks for, by the names they are sorted by.

    Raises ``UsageError`` for a query that cannot be read, a cursor of another listing and a limit outside 1 … 10,000.
    """
    keys = (Key(artists.c.sort_name), Key(artists.c.id))
    with reading(engine) as connection:
        wanted = groups.wanted(connection, _root(query, "artists"), artists.c.id, groups.ARTIST)
        statement = _ARTISTS.where(_has_files(file_artists.c.artist_id, artists.c.id), wanted.condition)
        return groups.page(connection, statement, keys, _artist, wanted, after=after, limit=limit)


def get_artist(engine: sa.Engine, artist_id: int) -> Artist:
    """Return one artist. Raises ``UsageError`` when there is none with this id."""
    with reading(engine) as connection:
        there = _has_files(file_artists.c.artist_id, artists.c.id)
        row = connection.execute(_ARTISTS.where(artists.c.id == artist_id, there)).one_or_none()
    if row is None:
        raise groups.not_there("artist", artist_id)
    return _artist(row)


def list_genres(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Genre]:
    """Return a page of the genres of the files that a query asks for, by name. Raises as ``list_artists``."""
    keys = (Key(genres.c.key), Key(genres.c.id))
    count = sa.select(sa.func.count()).where(file_genres.c.genre_id == genres.c.id).scalar_subquery()
    with reading(engine) as connection:
        wanted = groups.wanted(connection, _root(query, "genres"), genres.c.id, groups.GENRE)
        statement = sa.select(genres.c.id, genres.c.name, count.label("files"))
        statement = statement.where(_has_files(file_genres.c.genre_id, genres.c.id), wanted.condition)
        return groups.page(
            connection,
            statement,
            keys,
            lambda row: Genre(row.id, row.name, row.files),
            wanted,
            after=after,
            limit=limit,
        )


def list_years(engine: sa.Engine, *, after: str | None = None, limit: int = 100) -> Page[Year]:
    """Return a page of the years of files, the last first. Raises ``UsageError`` as ``list_artists``."""
    statement = sa.select(catalogue.c.year, sa.func.count().label("files")).where(catalogue.c.year > 0)
    statement = statement.group_by(catalogue.c.year)
    with reading(engine) as connection:
        keys = [Key(catalogue.c.year, descending=True)]
        return paging.page(connection, statement, keys, lambda row: Year(row.year, row.files), after=after, limit=limit)


def list_series(engine: sa.Engine, query: str = "", *, after: str | None = None, limit: int = 100) -> Page[Series]:
    """Return a page of the series of the files that a query asks for, by title. Raises as ``list_artists``."""
    keys = (Key(series.c.key), Key(series.c.id))
    files = catalogue.c.series_id == series.c.id
    columns = (
        series.c.id,
        series.c.title,
        sa.select(sa.func.count(catalogue.c.season.distinct())).where(files).scalar_subquery().label("seasons"),
        sa.select(sa.func.count()).where(files).scalar_subquery().label("episodes"),
    )
    with reading(engine) as connection:
        wanted = groups.wanted(connection, _root(query, "series"), series.c.id, groups.SERIES)
        statement = sa.select(*columns).where(_has_files(catalogue.c.series_id, series.c.id), wanted.condition)
        return groups.page(
            connection,
            statement,
            keys,
            lambda row: Series(row.id, row.title, row.seasons, row.episodes),
            wanted,
            after=after,
            limit=limit,
        )


def list_seasons(engine: sa.Engine, series_id: int) -> tuple[Season, ...]:
    """Return the seasons of a series. Raises ``UsageError`` when there is no such series."""
    count = sa.select(catalogue.c.season, sa.func.count().label("episodes")).where(catalogue.c.series_id == series_id)
    with reading(engine) as connection:
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


def _has_files(column: sa.Column[Any], group_id: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return sa.exists().where(column == group_id)


def _count(what: sa.ColumnElement[int], role: str) -> sa.ColumnElement[int]:
    ours = sa.and_(file_artists.c.artist_id == artists.c.id, file_artists.c.role == role)
    joined = sa.join(file_artists, catalogue, catalogue.c.media_file_id == file_artists.c.media_file_id)
    return sa.select(what).select_from(joined).where(ours).scalar_subquery()


_ARTISTS = sa.select(
    artists.c.id,
    artists.c.name,
    artists.c.musicbrainz_id,
    _count(sa.func.count(), "artist").label("files"),
    _count(sa.func.count(catalogue.c.album_id.distinct()), "albumartist").label("albums"),
)


def _artist(row: Any) -> Artist:
    return Artist(row.id, row.name, row.files, row.albums, row.musicbrainz_id)
