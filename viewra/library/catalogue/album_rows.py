"""Rows of ``albums``: made when a file names a new album, kept through renames, and counted anew when files change."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import insert_rows, select_in
from viewra.db.catalogue_tables import albums, catalogue
from viewra.db.tables import directories, libraries, media_files
from viewra.library.catalogue.entries import VARIOUS_ARTISTS, Album, Entry, album_folder
from viewra.library.catalogue.keys import SEPARATOR, sort_key
from viewra.library.paths import below, display_bytes


def of_files(connection: sa.Connection, file_ids: Sequence[int]) -> dict[int, int]:
    """Return the albums that files are in, by file."""
    columns = sa.select(catalogue.c.media_file_id, catalogue.c.album_id).where(catalogue.c.album_id.is_not(None))
    rows = select_in(connection, file_ids, lambda some: columns.where(catalogue.c.media_file_id.in_(some)))
    return {row.media_file_id: row.album_id for row in rows}


def ids(connection: sa.Connection, entries: Sequence[Entry], before: Mapping[int, int]) -> dict[Album, int]:
    """Return the ids of the albums of these entries; a new one gets a row, one whose folder was renamed keeps its own.

    The first MusicBrainz id that is stated for an album that had none becomes its own.
    """
    wanted = {entry.album for entry in entries if entry.album is not None}
    known = _Known(connection, wanted)
    _rename(connection, known, entries, before)
    found: dict[Album, int] = {}
    for album in sorted(wanted, key=lambda album: (not album.musicbrainz_id, album.musicbrainz_id, album.key)):
        row_id = known.find(album)
        if row_id is None and album.musicbrainz_id and (row_id := known.without_id.pop(album.key, None)) is not None:
            stated = sa.update(albums).where(albums.c.id == row_id).values(musicbrainz_id=album.musicbrainz_id)
            connection.execute(stated)
            known.add(row_id, album.key, album.musicbrainz_id)
        if row_id is None:
            insert_rows(connection, albums, [_new_row(album)])
            made = albums.c.key == album.key, albums.c.musicbrainz_id == album.musicbrainz_id
            row_id = connection.execute(sa.select(albums.c.id).where(*made)).scalar_one()
            known.add(row_id, album.key, album.musicbrainz_id)
        found[album] = row_id
    return found


def refresh(connection: sa.Connection, album_ids: Iterable[int]) -> None:
    """Count the files of albums anew, and say what most of them say."""
    touched = sorted(set(album_ids))
    if not touched:
        return
    columns = (catalogue.c.album_id, catalogue.c.album, catalogue.c.albumartist, catalogue.c.artist, catalogue.c.year)
    counts = sa.func.count().label("files"), sa.func.coalesce(sa.func.sum(catalogue.c.duration_ms), 0).label("duration")
    grouped = sa.select(*columns, *counts).group_by(*columns)
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in select_in(connection, touched, lambda some: grouped.where(catalogue.c.album_id.in_(some))):
        groups[row.album_id].append(row)
    titles = select_in(
        connection, touched, lambda some: sa.select(albums.c.id, albums.c.title).where(albums.c.id.in_(some))
    )
    known = {row.id: row.title for row in titles}
    rows = [_counted(album_id, title, groups[album_id]) for album_id, title in known.items()]
    names = [name for name in rows[0] if not name.startswith("b_")] if rows else []
    statement = (
        sa.update(albums)
        .where(albums.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(name) for name in names})
    )
    if rows:
        connection.execute(statement, rows)


def _counted(album_id: int, title: str, groups: Sequence[Any]) -> dict[str, object]:
    artist = _artist(groups)
    years = [group.year for group in groups if group.year]
    return {
        "b_id": album_id,
        "files": sum(group.files for group in groups),
        "duration_ms": int(sum(group.duration for group in groups)),
        "artist": artist,
        "sort_artist": sort_key(artist),
        "year": min(years, default=0),
        "title": title,
    }


def _artist(groups: Sequence[Any]) -> str:
    """Return the album artist that most files name; without any, the artist of all, or that there are various."""
    named: Counter[str] = Counter()
    for group in groups:
        named[group.albumartist] += group.files
    del named[""]
    if named:
        return max(named, key=lambda name: (named[name], name))
    credited = {group.artist for group in groups} - {""}
    return credited.pop() if len(credited) == 1 else VARIOUS_ARTISTS if credited else ""


class _Known:
    """The rows that may be those of some albums."""

    def __init__(self, connection: sa.Connection, wanted: Iterable[Album]) -> None:
        self.by_id: dict[str, int] = {}
        self.by_key: dict[str, int] = {}
        self.without_id: dict[str, int] = {}
        columns = sa.select(albums.c.id, albums.c.key, albums.c.musicbrainz_id).order_by(albums.c.id)
        releases = {album.musicbrainz_id for album in wanted} - {""}
        for row in (
            *select_in(connection, {album.key for album in wanted}, lambda some: columns.where(albums.c.key.in_(some))),
            *select_in(connection, releases, lambda some: columns.where(albums.c.musicbrainz_id.in_(some))),
        ):
            self.add(row.id, row.key, row.musicbrainz_id)

    def add(self, row_id: int, key: str, musicbrainz_id: str) -> None:
        """Take note of a row."""
        self.by_key.setdefault(key, row_id)
        if musicbrainz_id:
            self.by_id.setdefault(musicbrainz_id, row_id)
        else:
            self.without_id.setdefault(key, row_id)

    def find(self, album: Album) -> int | None:
        """Return the row of an album."""
        return self.by_id.get(album.musicbrainz_id) if album.musicbrainz_id else self.by_key.get(album.key)


def _new_row(album: Album) -> dict[str, object]:
    return {
        "key": album.key,
        "title": album.title,
        "artist": "",
        "sort_title": album.sort_title,
        "sort_artist": "",
        "year": 0,
        "musicbrainz_id": album.musicbrainz_id,
        "files": 0,
        "duration_ms": 0,
        "added_at": time.time_ns() // 1000,
    }


def _rename(connection: sa.Connection, known: _Known, entries: Sequence[Entry], before: Mapping[int, int]) -> None:
    """Give albums whose folder alone has changed their new keys: those that have no file in another folder any more."""
    candidates: dict[int, Album] = {}
    for entry in entries:
        if entry.album is not None and entry.album.key not in known.by_key and entry.media_file_id in before:
            candidates.setdefault(before[entry.media_file_id], entry.album)
    if not candidates:
        return
    columns = sa.select(albums.c.id, albums.c.key, albums.c.musicbrainz_id)
    rows = [*select_in(connection, candidates, lambda some: columns.where(albums.c.id.in_(some)))]
    folders = _folders(connection, candidates)
    for row in rows:
        album = candidates[row.id]
        is_same = (
            row.musicbrainz_id == album.musicbrainz_id
            if row.musicbrainz_id
            else row.key.startswith(album.identity + SEPARATOR)
        )
        if is_same and album.key not in known.by_key and folders[row.id] == {album.folder}:
            connection.execute(sa.update(albums).where(albums.c.id == row.id).values(key=album.key))
            known.add(row.id, album.key, row.musicbrainz_id)


def _folders(connection: sa.Connection, album_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the folders in which albums have files now, by album."""
    places = sa.select(catalogue.c.album_id, directories.c.path, libraries.c.path.label("root")).distinct()
    places = places.join_from(catalogue, media_files).join(directories, media_files.c.directory_id == directories.c.id)
    places = places.join(libraries, libraries.c.id == media_files.c.library_id)
    found: dict[int, set[str]] = defaultdict(set)
    for row in select_in(connection, album_ids, lambda some: places.where(catalogue.c.album_id.in_(some))):
        found[row.album_id].add(album_folder(display_bytes(below(row.path, row.root))))
    return found
