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
from viewra.library.catalogue.keys import sort_key
from viewra.library.paths import below, display_bytes


def of_files(connection: sa.Connection, file_ids: Sequence[int]) -> dict[int, int]:
    """Return the albums that files are in, by file."""
    columns = sa.select(catalogue.c.media_file_id, catalogue.c.album_id).where(catalogue.c.album_id.is_not(None))
    rows = select_in(connection, file_ids, lambda some: columns.where(catalogue.c.media_file_id.in_(some)))
    return {row.media_file_id: row.album_id for row in rows}


def ids(connection: sa.Connection, entries: Sequence[Entry], before: Mapping[int, int]) -> dict[str, int]:
    """Return the ids of the albums of these entries by key; a new album gets a row, a renamed one keeps its own."""
    wanted = {entry.album.key: entry.album for entry in entries if entry.album is not None}
    found = _known(connection, wanted)
    missing = {key: album for key, album in wanted.items() if key not in found}
    if not missing:
        return found
    found |= _renamed(connection, missing, entries, before)
    new = [key for key in missing if key not in found]
    insert_rows(connection, albums, [_new_row(key, missing[key]) for key in new])
    return found | _known(connection, new)


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


def _known(connection: sa.Connection, keys: Iterable[str]) -> dict[str, int]:
    rows = select_in(connection, keys, lambda some: sa.select(albums.c.key, albums.c.id).where(albums.c.key.in_(some)))
    return {row.key: row.id for row in rows}


def _new_row(key: str, album: Album) -> dict[str, object]:
    return {
        "key": key,
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


def _renamed(
    connection: sa.Connection, missing: Mapping[str, Album], entries: Sequence[Entry], before: Mapping[int, int]
) -> dict[str, int]:
    """Give albums whose folder alone has changed their new keys: those that have no file in another folder any more."""
    candidates: dict[int, str] = {}
    for entry in entries:
        if entry.album is not None and entry.album.key in missing and entry.media_file_id in before:
            candidates.setdefault(before[entry.media_file_id], entry.album.key)
    if not candidates:
        return {}
    old = select_in(
        connection, candidates, lambda some: sa.select(albums.c.id, albums.c.key).where(albums.c.id.in_(some))
    )
    same = {row.id for row in old if row.key.startswith(missing[candidates[row.id]].identity)}
    folders = _folders(connection, same)
    renamed: dict[str, int] = {}
    for album_id in same:
        key = candidates[album_id]
        if key not in renamed and folders[album_id] == {missing[key].folder}:
            connection.execute(sa.update(albums).where(albums.c.id == album_id).values(key=key))
            renamed[key] = album_id
    return renamed


def _folders(connection: sa.Connection, album_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the folders in which albums have files now, by album."""
    places = sa.select(catalogue.c.album_id, directories.c.path, libraries.c.path.label("root")).distinct()
    places = places.join_from(catalogue, media_files).join(directories, media_files.c.directory_id == directories.c.id)
    places = places.join(libraries, libraries.c.id == media_files.c.library_id)
    found: dict[int, set[str]] = defaultdict(set)
    for row in select_in(connection, album_ids, lambda some: places.where(catalogue.c.album_id.in_(some))):
        found[row.album_id].add(album_folder(display_bytes(below(row.path, row.root))))
    return found
