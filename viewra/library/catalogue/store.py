"""Keeps the tables of the catalogue in step with the existing files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import KEYS_A_QUERY, insert_rows, keys_for, select_in
from viewra.db.catalogue_tables import albums, catalogue, file_artists, file_genres, genres, series
from viewra.library.catalogue import album_rows, artist_rows
from viewra.library.catalogue.entries import Album, Entry
from viewra.library.catalogue.keys import key_of


def store(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Store entries, replacing those of the same files."""
    if not entries:
        return
    ids = [entry.media_file_id for entry in entries]
    before = album_rows.of_files(connection, ids)
    album_ids = album_rows.ids(connection, entries, before)
    series_ids = _ids_by_key(connection, series, {entry.series: {"title": entry.series} for entry in entries})
    _drop(connection, [*before])
    insert_rows(connection, catalogue, [_row(entry, album_ids, series_ids) for entry in entries])
    _link_artists(connection, entries)
    _link_genres(connection, entries)
    album_rows.refresh(connection, {*before.values(), *album_ids.values()})


def forget(connection: sa.Connection, file_ids: Collection[int]) -> None:
    """Remove files from the catalogue."""
    known = [*file_ids]
    for start in range(0, len(known), KEYS_A_QUERY):
        some = known[start : start + KEYS_A_QUERY]
        touched = {*album_rows.of_files(connection, some).values()}
        _drop(connection, some)
        album_rows.refresh(connection, touched)


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Remove the files that a statement selects from the catalogue."""
    rows = sa.select(catalogue.c.album_id).where(catalogue.c.media_file_id.in_(file_ids))
    touched = connection.execute(rows.where(catalogue.c.album_id.is_not(None)).distinct()).scalars().all()
    connection.execute(sa.delete(catalogue).where(catalogue.c.media_file_id.in_(file_ids)))
    album_rows.refresh(connection, touched)


def stale(connection: sa.Connection, entries: Sequence[Entry]) -> set[int]:
    """Return the files whose stored entry differs from these entries or is missing."""
    columns = [column for column in catalogue.c if column.name not in {"album_id", "series_id"}]
    joined = sa.outerjoin(catalogue, albums, albums.c.id == catalogue.c.album_id)
    album = albums.c.key.label("album_key"), albums.c.musicbrainz_id.label("album_mbid")
    rows = sa.select(*columns, *album).select_from(joined)
    ids = [entry.media_file_id for entry in entries]
    known = {
        row.media_file_id: row._asdict()
        for row in select_in(connection, ids, lambda some: rows.where(catalogue.c.media_file_id.in_(some)))
    }
    keys = {entry.album.key for entry in entries if entry.album is not None}
    releases = sa.select(albums.c.key, albums.c.musicbrainz_id).where(albums.c.musicbrainz_id != "")
    places = {
        (row.key, row.musicbrainz_id)
        for row in select_in(connection, keys, lambda some: releases.where(albums.c.key.in_(some)))
    }
    return {entry.media_file_id for entry in entries if not _agrees(known.get(entry.media_file_id), entry, places)}


def _agrees(row: dict[str, object] | None, entry: Entry, places: Collection[tuple[object, object]]) -> bool:
    """Whether the catalogue has a file as it should; ``places`` are the keys of releases' folders."""
    if row is None:
        return False
    key, release = row.pop("album_key"), row.pop("album_mbid")
    if entry.album is None:
        return key is None and row == _columns(entry)
    is_same = (
        release == entry.album.musicbrainz_id
        if entry.album.musicbrainz_id
        else key == entry.album.key or (entry.album.key, release) in places
    )
    return is_same and row == _columns(entry)


def _drop(connection: sa.Connection, file_ids: Sequence[int]) -> None:
    if file_ids:
        of_these = catalogue.c.media_file_id.in_(keys_for(connection, file_ids))
        connection.execute(sa.delete(catalogue).where(of_these))


def _row(entry: Entry, album_ids: Mapping[Album, int], series_ids: Mapping[str, int]) -> dict[str, object]:
    return {
        **_columns(entry),
        "album_id": album_ids[entry.album] if entry.album is not None else None,
        "series_id": series_ids[key_of(entry.series)] if entry.series else None,
    }


def _columns(entry: Entry) -> dict[str, object]:
    return dict(zip(_COLUMNS, entry, strict=False))


_COLUMNS = (
    "media_file_id", "kind", "title", "artist", "album", "albumartist", "sort_title", "sort_artist", "sort_album",
    "year", "duration_ms", "disc", "track", "season", "episode",
)  # fmt: skip
"""The columns that an entry begins with."""


def _link_artists(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    names = dict.fromkeys(name for entry in entries for name in (*entry.artists, *entry.album_artists))
    known = artist_rows.ids(connection, names)
    of_name = {name: known[name.key, name.musicbrainz_id] for name in names}
    links: dict[tuple[int, str, int], int] = {}
    for entry in entries:
        for role, credited in (("artist", entry.artists), ("albumartist", entry.album_artists)):
            for position, name in enumerate(credited):
                links.setdefault((entry.media_file_id, role, of_name[name]), position)
    columns = ("media_file_id", "role", "artist_id", "position")
    rows = [dict(zip(columns, (*link, position), strict=True)) for link, position in links.items()]
    insert_rows(connection, file_artists, rows)


def _link_genres(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    names = dict.fromkeys(name for entry in entries for name in entry.genres)
    known = _ids_by_key(connection, genres, {name: {"name": name} for name in names})
    of_name = {name: known[key_of(name)] for name in names}
    links = {(entry.media_file_id, of_name[name]) for entry in entries for name in entry.genres}
    rows = [{"media_file_id": file_id, "genre_id": genre_id} for file_id, genre_id in sorted(links)]
    insert_rows(connection, file_genres, rows)


def _ids_by_key(connection: sa.Connection, table: sa.Table, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Return the ids of rows by their folded names; creates missing rows."""
    rows: dict[str, Mapping[str, str]] = {}
    for name, values in wanted.items():
        if name:
            rows.setdefault(key_of(name), values)
    found = _known(connection, table, rows)
    missing = [{"key": key, **rows[key]} for key in rows if key not in found]
    if missing:
        insert_rows(connection, table, missing)
        found |= _known(connection, table, [row["key"] for row in missing])
    return found


def _known(connection: sa.Connection, table: sa.Table, keys: Iterable[str]) -> dict[str, int]:
    rows = select_in(connection, keys, lambda some: sa.select(table.c.key, table.c.id).where(table.c.key.in_(some)))
    return {row.key: row.id for row in rows}
