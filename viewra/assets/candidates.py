"""Finds, in the database, where pictures of albums, artists, files and series may come from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.catalogue_tables import albums, catalogue, file_artists
from viewra.db.tables import directories, file_metadata, media_files
from viewra.library.paths import folder_of, join

MOST_FILES = 60
"""Files of an album, an artist or a series that are looked at."""
MOST_PICTURES = 200
"""Pictures of a folder that are looked at."""
_DISC = re.compile(rb"(?i)(cd|disc|disk)[ _-]?[0-9]{1,2}")
_INSIDE = (b"artwork", b"art", b"cover", b"covers", b"scans", b"booklet", b"images")
_NAMES = ("cover", "front", "folder", "poster", "album", "albumart")
"""The names of front covers, the best first."""


@attrs.frozen
class Candidate:
    """A file with pictures: the plugin that knows of them, and the ``state`` of both when they were read.

    ``kind`` is what the file itself shows, "" for one that contains pictures.
    """

    media_file_id: int
    path: str
    plugin_id: str
    state: str
    kind: str = ""


@attrs.frozen
class Place:
    """A file and its folder."""

    media_file_id: int
    directory_id: int
    folder: bytes
    kind: str
    album_id: int | None
    series_id: int | None


_PLACES = (
    sa.select(
        catalogue.c.media_file_id,
        media_files.c.directory_id,
        directories.c.path,
        catalogue.c.kind,
        catalogue.c.album_id,
        catalogue.c.series_id,
    )
    .join_from(catalogue, media_files)
    .join(directories, media_files.c.directory_id == directories.c.id)
    .limit(MOST_FILES)
)


def of_file(connection: sa.Connection, media_file_id: int) -> Place | None:
    """Where a file is; None for one that the library does not have, or not now."""
    found = _places(connection, _PLACES.where(catalogue.c.media_file_id == media_file_id))
    return found[0] if found else None


def of_album(connection: sa.Connection, album_id: int) -> list[Place]:
    """The files of an album, in their order."""
    order = (catalogue.c.disc, catalogue.c.track, catalogue.c.media_file_id)
    return _places(connection, _PLACES.where(catalogue.c.album_id == album_id).order_by(*order))


def of_series(connection: sa.Connection, series_id: int) -> list[Place]:
    """The files of a series, in their order."""
    order = (catalogue.c.season, catalogue.c.episode, catalogue.c.media_file_id)
    return _places(connection, _PLACES.where(catalogue.c.series_id == series_id).order_by(*order))


def albums_of(connection: sa.Connection, artist_id: int, most: int) -> list[int]:
    """The albums of an artist, the newest first; without any, those on which the artist is credited."""
    for role in ("albumartist", "artist"):
        credited = sa.select(catalogue.c.album_id).join_from(file_artists, catalogue)
        credited = credited.where(file_artists.c.artist_id == artist_id, file_artists.c.role == role)
        query = sa.select(albums.c.id).where(albums.c.id.in_(credited), albums.c.files > 0)
        found = connection.execute(query.order_by(albums.c.year.desc(), albums.c.id).limit(most)).scalars().all()
        if found:
            return list(found)
    return []


def covers(connection: sa.Connection, places: Sequence[Place], kinds: Sequence[str], *, above: bool) -> list[Candidate]:
    """Files that are covers of these kinds, beside files or in the usual folders, the best first.

    ``above``: also in the folders above them.
    """
    folders: dict[bytes, int] = {}
    for place in places:
        for rank, folder in enumerate(_folders(place.folder, above=above)):
            folders[folder] = min(rank, folders.get(folder, rank))
    found: list[tuple[tuple[int, int, int, str], Candidate]] = []
    for row, data in _known(connection, "cover_type", directories.c.path.in_(folders), pictures=True):
        kind = str(data.get("cover_type", ""))
        if kind in kinds:
            path = os.fsdecode(join(row.path, row.name))
            name = os.path.splitext(os.path.basename(path).lower())[0]  # noqa: PTH119, PTH122 - any bytes
            named = _NAMES.index(name) if name in _NAMES else len(_NAMES)
            order = (kinds.index(kind), folders[row.path], named, path)
            found.append((order, Candidate(row.id, path, row.plugin_id, _state(row), kind)))
    return [one for _, one in sorted(found, key=lambda one: one[0])]


def embedded(connection: sa.Connection, media_file_ids: Sequence[int]) -> list[Candidate]:
    """Which of these files contain pictures, in the order of the ids."""
    found = [
        Candidate(row.id, os.fsdecode(join(row.path, row.name)), row.plugin_id, _state(row))
        for row, data in _known(connection, "has_picture", media_files.c.id.in_(media_file_ids))
        if data.get("has_picture") == "true"
    ]
    return sorted(found, key=lambda one: (media_file_ids.index(one.media_file_id), one.plugin_id))


def _places(connection: sa.Connection, query: sa.Select[Any]) -> list[Place]:
    return [Place(*row) for row in connection.execute(query)]


def _folders(folder: bytes, *, above: bool) -> Iterator[bytes]:
    """Where covers of files in a folder lie, the nearest first."""
    yield folder
    yield from (join(folder, name) for name in _INSIDE)
    yield from (join(folder, name.title()) for name in _INSIDE)
    if above or _DISC.fullmatch(os.path.basename(folder)):  # noqa: PTH119 - paths are bytes
        yield from _folders(folder_of(folder), above=False)


def _known(
    connection: sa.Connection, field: str, where: sa.ColumnElement[bool], *, pictures: bool = False
) -> Iterable[tuple[Any, dict[str, Any]]]:
    """Files of which a plugin says something in a field, with all that it says."""
    query = (
        sa.select(
            media_files.c.id,
            media_files.c.name,
            media_files.c.mtime_ns,
            media_files.c.size,
            directories.c.path,
            file_metadata.c.plugin_id,
            file_metadata.c.code_hash,
            file_metadata.c.data,
        )
        .join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
        .join(file_metadata, file_metadata.c.media_file_id == media_files.c.id)
        .where(
            where, media_files.c.missing_since.is_(None), file_metadata.c.data.contains(f'"{field}"', autoescape=True)
        )
        .order_by(media_files.c.id)
        .limit(MOST_PICTURES)
    )
    if pictures:
        query = query.where(media_files.c.mime_type.startswith("image/"))
    for row in connection.execute(query):
        try:
            data = orjson.loads(row.data)
        except orjson.JSONDecodeError:
            continue  # fsck finds it
        if isinstance(data, dict):
            yield row, data


def _state(row: Any) -> str:
    return f"{row.mtime_ns}:{row.size}:{row.code_hash}"
