"""Keeps the tables of the catalogue in step with the files that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import KEYS_A_QUERY, insert_rows, select_in
from viewra.db.catalogue_tables import albums, catalogue, file_artists, file_genres, genres, series
from viewra.library.catalogue import album_rows, artist_rows
from viewra.library.catalogue.entries import Album, Entry
from viewra.library.catalogue.keys import key_of


def store(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Put entries into the catalogue, in place of those of the same files."""
    if not entries:
        return
    ids = [entry.media_file_id for entry in entries]
    before = album_rows.of_files(connection, ids)
    album_ids = album_rows.ids(connection, entries, before)
    series_ids = _ids_by_key(connection, series, {entry.series: {"title": entry.series} for entry in entries})
    _drop(connection, ids)
    insert_rows(connection, catalogue, [_row(entry, album_ids, series_ids) for entry in entries])
    _link_artists(connection, entries)
    _link_genres(connection, entries)
    album_rows.refresh(connection, {*before.values(), *album_ids.values()})


def forget(connection: sa.Connection, file_ids: Collection[int]) -> None:
    """Take files out of the catalogue."""
    known = [*file_ids]
    for start in range(0, len(known), KEYS_A_QUERY):
        some = known[start : start + KEYS_A_QUERY]
        touched = {*album_rows.of_files(connection, some).values()}
        _drop(connection, some)
        album_rows.refresh(connection, touched)


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Take the files that a statement selects out of the catalogue."""
    rows = sa.select(catalogue.c.album_id).where(catalogue.c.media_file_id.in_(file_ids))
    touched = connection.execute(rows.where(catalogue.c.album_id.is_not(None)).distinct()).scalars().all()
    connection.execute(sa.delete(catalogue).where(catalogue.c.media_file_id.in_(file_ids)))
    album_rows.refresh(connection, touched)


def stale(connection: sa.Connection, entries: Sequence[Entry]) -> set[int]:
    """Return those of these files that are in the catalogue otherwise, or not at all."""
    columns = [column for column in catalogue.c if column.name not in {"album_id", "series_id"}]
    joined = sa.outerjoin(catalogue, albums, albums.c.id == catalogue.c.album_id)
    album = albums.c.key.label("album_key"), albums.c.musicbrainz_id.label("album_mbid")
    rows = sa.select(*columns, *album).select_from(joined)
    ids = [entry.media_file_id for entry in entries]
    known = {
        row.media_file_id: row._asdict()
        for row in select_in(connection, ids, lambda some: rows.where(catalogue.c.media_file_id.in_(some)))
    }
    return {entry.media_file_id for entry in entries if not _agrees(known.get(entry.media_file_id), entry)}


def _agrees(row: dict[str, object] | None, entry: Entry) -> bool:
    if row is None:
        return False
    key, release = row.pop("album_key"), row.pop("album_mbid")
    if entry.album is None:
        return key is None and row == _columns(entry)
    is_same = release == entry.album.musicbrainz_id if entry.album.musicbrainz_id else key == entry.album.key
    return is_same and row == _columns(entry)


def _drop(connection: sa.Connection, file_ids: Sequence[int]) -> None:
    connection.execute(sa.delete(catalogue).where(catalogue.c.media_file_id.in_(file_ids)))


def _row(entry: Entry, album_ids: Mapping[Album, int], series_ids: Mapping[str, int]) -> dict[str, object]:
    return {
        **_columns(entry),
        "album_id": album_ids[entry.album] if entry.album is not None else None,
        "series_id": series_ids[key_of(entry.series)] if entry.series else None,
    }


def _columns(entry: Entry) -> dict[str, object]:
    return {
        "media_file_id": entry.media_file_id,
        "kind": entry.kind,
        "title": entry.title,
        "artist": entry.artist,
        "album": entry.album_title,
        "albumartist": entry.album_artist,
        "sort_title": entry.sort_title,
        "sort_artist": entry.sort_artist,
        "sort_album": entry.sort_album,
        "year": entry.year,
        "duration_ms": entry.duration_ms,
        "disc": entry.disc,
        "track": entry.track,
        "season": entry.season,
        "episode": entry.episode,
    }


def _link_artists(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    names = [name for entry in entries for name in (*entry.artists, *entry.album_artists)]
    known = artist_rows.ids(connection, names)
    links: dict[tuple[int, str, int], dict[str, object]] = {}
    for entry in entries:
        for role, credited in (("artist", entry.artists), ("albumartist", entry.album_artists)):
            for position, name in enumerate(credited):
                link = (entry.media_file_id, role, known[name.key, name.musicbrainz_id])
                row = dict(zip(("media_file_id", "role", "artist_id"), link, strict=True))
                links.setdefault(link, {**row, "position": position})
    insert_rows(connection, file_artists, [*links.values()])


def _link_genres(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    known = _ids_by_key(connection, genres, {name: {"name": name} for entry in entries for name in entry.genres})
    links = {(entry.media_file_id, known[key_of(name)]) for entry in entries for name in entry.genres}
    rows = [{"media_file_id": file_id, "genre_id": genre_id} for file_id, genre_id in sorted(links)]
    insert_rows(connection, file_genres, rows)


def _ids_by_key(connection: sa.Connection, table: sa.Table, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Return the ids of rows by their folded names; those that are not there are made."""
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
