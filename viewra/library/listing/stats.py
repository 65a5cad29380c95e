"""Counts the contents of the library."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.catalogue_tables import albums, artists, catalogue, file_artists, file_genres, genres, series
from viewra.db.tables import media_files
from viewra.db.transactions import reading
from viewra.types import LibraryStats


def stats(engine: sa.Engine) -> LibraryStats:
    """Return the totals of all libraries. Raises ``DatabaseError``."""
    missing = media_files.c.missing_since
    with reading(engine) as connection:
        there = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(media_files.c.size), 0)).where(
            missing.is_(None)
        )
        files, size = connection.execute(there).one()
        gone = connection.execute(sa.select(sa.func.count()).where(missing.is_not(None))).scalar_one()
        kinds = sa.select(
            catalogue.c.kind, sa.func.count().label("files"), sa.func.sum(catalogue.c.duration_ms).label("ms")
        )
        rows = connection.execute(kinds.group_by(catalogue.c.kind)).all()
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
            for table, condition in (
                (albums, albums.c.files > 0),
                (artists, sa.exists().where(file_artists.c.artist_id == artists.c.id)),
                (genres, sa.exists().where(file_genres.c.genre_id == genres.c.id)),
                (series, sa.exists().where(catalogue.c.series_id == series.c.id)),
            )
        ]
    return LibraryStats(
        files=files,
        missing=gone,
        size=int(size),
        duration_s=sum(int(row.ms) for row in rows) / 1000,
        albums=counts[0],
        artists=counts[1],
        genres=counts[2],
        series=counts[3],
        kinds={row.kind: row.files for row in sorted(rows, key=lambda row: str(row.kind))},
    )
