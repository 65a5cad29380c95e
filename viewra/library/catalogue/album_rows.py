"""Maintains the rows of ``albums``: creates them, keeps them when folders are renamed, and counts their files.

Of rows with the same MusicBrainz id the first is the album's. The others have no files: they record in which other
folders files name it, so that files there that state no id belong to it, too.
"""

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
from viewra.library.catalogue.keys import NOT_YET, sort_key
from viewra.library.paths import below, display_bytes, is_gone, join

MOST_LIBRARIES = 64
"""How many libraries, the newest, an album may have moved from."""


def of_files(connection: sa.Connection, file_ids: Sequence[int]) -> dict[int, int | None]:
    """Return the album of each file that is in the catalogue; None for a file of no album."""
    columns = sa.select(catalogue.c.media_file_id, catalogue.c.album_id)
    rows = select_in(connection, file_ids, lambda some: columns.where(catalogue.c.media_file_id.in_(some)))
    return {row.media_file_id: row.album_id for row in rows}


def ids(connection: sa.Connection, entries: Sequence[Entry], before: Mapping[int, int | None]) -> dict[Album, int]:
    """Return the ids of these entries' albums; a new album gets a row, one whose folder was renamed keeps its row.

    An album without a MusicBrainz id gets the first one that a file states.
    """
    wanted = {entry.album for entry in entries if entry.album is not None}
    known = _Known(connection, wanted)
    _rename(connection, known, entries, before)
    _take_over(connection, known, wanted)
    found: dict[Album, int] = {}
    new: list[Album] = []
    joining: list[Album] = []
    # Those with an id come first, so that no new album without one is given one later.
    for album in sorted(wanted, key=lambda album: (not album.musicbrainz_id, album.musicbrainz_id, album.key)):
        row_id = known.find(album)
        if row_id is None and album.musicbrainz_id and (row_id := known.without_id.pop(album.key, None)) is not None:
            stated = sa.update(albums).where(albums.c.id == row_id).values(musicbrainz_id=album.musicbrainz_id)
            connection.execute(stated)
            known.add(row_id, album.key, album.musicbrainz_id)
        if row_id is None:
            row_id = NOT_YET + len(new)
            new.append(album)
            known.add(row_id, album.key, album.musicbrainz_id)
        elif album.musicbrainz_id and (album.key, album.musicbrainz_id) not in known.of_releases:
            joining.append(album)
            known.add(row_id, album.key, album.musicbrainz_id)
        found[album] = row_id
    if new:
        made = _insert(connection, new)
        found = {album: made[row_id - NOT_YET] if row_id >= NOT_YET else row_id for album, row_id in found.items()}
    if joining:
        _join(connection, {album: found[album] for album in joining}, known.without_id)
    return found


def _insert(connection: sa.Connection, new: Sequence[Album]) -> list[int]:
    """Insert rows, all at once; returns their ids."""
    insert_rows(connection, albums, [_new_row(album) for album in new])
    columns = sa.select(albums.c.id, albums.c.key, albums.c.musicbrainz_id)
    keys = {album.key for album in new}
    rows = select_in(connection, keys, lambda some: columns.where(albums.c.key.in_(some)))
    made = {(row.key, row.musicbrainz_id): row.id for row in rows}
    return [made[album.key, album.musicbrainz_id] for album in new]


def refresh(connection: sa.Connection, album_ids: Iterable[int | None]) -> None:
    """Count the files of albums again, and store the values that most of them have."""
    touched = sorted({album_id for album_id in album_ids if album_id is not None})
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
    """Return the album artist that most files name; without any, the artist of all files, or "various"."""
    named: Counter[str] = Counter()
    for group in groups:
        named[group.albumartist] += group.files
    del named[""]
    if named:
        return max(named, key=lambda name: (named[name], name))
    credited = {group.artist for group in groups} - {""}
    return credited.pop() if len(credited) == 1 else VARIOUS_ARTISTS if credited else ""


class _Known:
    """The rows that may belong to some albums."""

    def __init__(self, connection: sa.Connection, wanted: Iterable[Album]) -> None:
        self.by_id: dict[str, int] = {}
        self.by_key: dict[str, int] = {}
        self.without_id: dict[str, int] = {}
        self.of_releases: set[tuple[str, str]] = set()
        """The key and MusicBrainz id of each row that has one."""
        self._keys_of_releases: set[str] = set()
        columns = sa.select(albums.c.id, albums.c.key, albums.c.musicbrainz_id)
        keys = {album.key for album in wanted}
        rows = [*select_in(connection, keys, lambda some: columns.where(albums.c.key.in_(some)))]
        releases = {album.musicbrainz_id for album in wanted} | {row.musicbrainz_id for row in rows}
        # A release has a row for each of its folders, of which there may be many.
        first = sa.select(albums.c.musicbrainz_id, sa.func.min(albums.c.id).label("id"))
        first = first.group_by(albums.c.musicbrainz_id)
        for row in select_in(connection, releases - {""}, lambda some: first.where(albums.c.musicbrainz_id.in_(some))):
            self.by_id[row.musicbrainz_id] = row.id
        for row in sorted(rows, key=lambda row: row.id):
            self.add(row.id, row.key, row.musicbrainz_id)

    def add(self, row_id: int, key: str, musicbrainz_id: str) -> None:
        """Add a row; rows with lower ids come first."""
        if not musicbrainz_id:
            self.by_key.setdefault(key, row_id)
            self.without_id.setdefault(key, row_id)
            return
        first = self.by_id.setdefault(musicbrainz_id, row_id)
        self.of_releases.add((key, musicbrainz_id))
        if key not in self._keys_of_releases:
            self._keys_of_releases.add(key)
            self.by_key[key] = first

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


def _rename(
    connection: sa.Connection, known: _Known, entries: Sequence[Entry], before: Mapping[int, int | None]
) -> None:
    """Give new keys to albums of which only the folder changed and that have no file in another folder."""
    candidates: dict[int, Album] = {}
    for entry in entries:
        album_id = before.get(entry.media_file_id)
        if album_id is not None and entry.album is not None and entry.album.key not in known.by_key:
            candidates.setdefault(album_id, entry.album)
    if not candidates:
        return
    columns = sa.select(albums.c.id, albums.c.key, albums.c.musicbrainz_id)
    rows = [*select_in(connection, candidates, lambda some: columns.where(albums.c.id.in_(some)))]
    folders = _folders(connection, candidates)
    for row in rows:
        album = candidates[row.id]
        is_same = (
            row.musicbrainz_id == album.musicbrainz_id if row.musicbrainz_id else row.key.startswith(album.key_anywhere)
        )
        if is_same and album.key not in known.by_key and folders[row.id] == {album.folder}:
            connection.execute(sa.update(albums).where(albums.c.id == row.id).values(key=album.key))
            known.add(row.id, album.key, row.musicbrainz_id)


def _join(connection: sa.Connection, joining: Mapping[Album, int], without_id: Mapping[str, int]) -> None:
    """Have a release's files in one more folder bring along those there that have the same names and state no id."""
    insert_rows(connection, albums, [_new_row(album) for album in joining])
    moves = {without_id[album.key]: row_id for album, row_id in joining.items() if album.key in without_id}
    moved = sa.update(catalogue).where(catalogue.c.album_id == sa.bindparam("b_from"))
    if moves:
        rows = [{"b_from": nameless, "b_to": row_id} for nameless, row_id in moves.items()]
        connection.execute(moved.values(album_id=sa.bindparam("b_to")), rows)
        refresh(connection, moves)


def _take_over(connection: sa.Connection, known: _Known, wanted: Iterable[Album]) -> None:
    """Give albums whose folder has moved to another library their new keys: those that have no file on the disk."""
    newest = connection.execute(sa.select(sa.func.max(libraries.c.id))).scalar() or 0
    others = range(max(1, newest - MOST_LIBRARIES + 1), newest + 1)
    new = [album for album in wanted if not album.musicbrainz_id and album.key not in known.by_key]
    places = {album.key_in(other): album for album in new for other in others if other != album.library_id}
    columns = sa.select(albums.c.id, albums.c.key).order_by(albums.c.id)
    for row in select_in(connection, places, lambda some: columns.where(albums.c.key.in_(some))):
        album = places[row.key]
        if album.key not in known.by_key and not _is_there(connection, row.id):
            connection.execute(sa.update(albums).where(albums.c.id == row.id).values(key=album.key))
            known.add(row.id, album.key, "")


def _is_there(connection: sa.Connection, album_id: int) -> bool:
    """Whether a file of an album is on the disk: the scan that misses those of another library may not have been."""
    places = sa.select(directories.c.path, media_files.c.name).join_from(catalogue, media_files)
    places = places.join(directories, media_files.c.directory_id == directories.c.id)
    rows = connection.execute(places.where(catalogue.c.album_id == album_id))
    return any(not is_gone(join(row.path, row.name)) for row in rows)


def _folders(connection: sa.Connection, album_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the folders that contain files of each album now."""
    places = sa.select(catalogue.c.album_id, directories.c.path, libraries.c.path.label("root")).distinct()
    places = places.join_from(catalogue, media_files).join(directories, media_files.c.directory_id == directories.c.id)
    places = places.join(libraries, libraries.c.id == media_files.c.library_id)
    found: dict[int, set[str]] = defaultdict(set)
    for row in select_in(connection, album_ids, lambda some: places.where(catalogue.c.album_id.in_(some))):
        found[row.album_id].add(album_folder(display_bytes(below(row.path, row.root))))
    return found
