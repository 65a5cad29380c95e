"""Marks the videos of which nfo files say something else than before, as files whose events are due.

What they are found by is then written again, and listeners are told, when the scan ends: by this one, or by the next
one if this one is killed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import select_in
from viewra.db.tables import directories, file_metadata, media_files
from viewra.library.descriptions import (
    IS_NFO,
    IS_THERE,
    IS_VIDEO,
    MOVIE,
    NFO,
    SERIES,
    are_any,
    film_in,
    stem,
    stems,
)
from viewra.library.outcomes import UNREAD
from viewra.library.paths import below, folder_of, join, plain

_VIDEOS = sa.select(media_files.c.id, media_files.c.name, directories.c.path).join_from(media_files, directories)
_VIDEOS = _VIDEOS.where(IS_VIDEO, IS_THERE)

_READINGS = sa.select(file_metadata.c.media_file_id).where(file_metadata.c.media_file_id == media_files.c.id)
_READINGS = _READINGS.correlate(media_files)
IS_READ_VIDEO = sa.and_(
    IS_VIDEO, sa.exists(_READINGS), ~sa.exists(_READINGS.where(file_metadata.c.code_hash == UNREAD))
)
"""That a file is a video that was read: it is due because of what is beside it, and nothing needs to be waited for."""


def read_anew(connection: sa.Connection, nfos: Iterable[bytes]) -> None:
    """Mark the videos that nfo files at these paths describe: what was read of them has changed."""
    _mark(connection, _described(connection, nfos))


def described_by(connection: sa.Connection, file_ids: Collection[int]) -> list[int]:
    """The videos that those of these files describe that are nfo files."""
    places = sa.select(media_files.c.name, directories.c.path).join_from(media_files, directories).where(IS_NFO)
    rows = select_in(connection, file_ids, lambda some: places.where(media_files.c.id.in_(some)))
    return sorted(_described(connection, [join(row.path, row.name) for row in rows]))


def placed_anew(connection: sa.Connection, left: Mapping[bytes, str], arrived: Mapping[bytes, str]) -> set[int]:
    """Mark videos after files have left places, or arrived there; returns their ids.

    The files are given by path, with their MIME types. Those that have arrived are marked already, as all such files.
    A film that a new video joins is not the only one in its folder any more, and so ``movie.nfo`` says nothing of it.
    """
    kinds = {**left, **arrived}
    nfos = [path for path, kind in kinds.items() if kind == NFO]
    videos = [path for path, kind in kinds.items() if kind.startswith("video/")]
    if not nfos and not (videos and are_any(connection)):
        return set()
    gone, new = left.keys() - arrived.keys(), arrived.keys() - left.keys()
    due = _described(connection, nfos) | _joined(connection, videos, gone, new)
    _mark(connection, due)
    return due


def _described(connection: sa.Connection, nfos: Iterable[bytes]) -> set[int]:
    named: dict[bytes, set[str]] = defaultdict(set)
    films: set[bytes] = set()
    series: set[bytes] = set()
    for path in nfos:
        folder, name = folder_of(path), path.rpartition(b"/")[2]
        named[folder].add(stem(name))
        if plain(name) == MOVIE:
            films.add(folder)
        elif plain(name) == SERIES:
            series |= {folder, *_in(connection, folder)}
    due: set[int] = set()
    for folder, rows in _videos_in(connection, named.keys() | series).items():
        film = film_in(folder, [row.name for row in rows]) if folder in films else set()
        wanted = named.get(folder, set())
        due |= {
            row.id for row in rows if folder in series or row.name in film or not wanted.isdisjoint(stems(row.name))
        }
    return due


def _joined(
    connection: sa.Connection, videos: Iterable[bytes], left: Collection[bytes], arrived: Collection[bytes]
) -> set[int]:
    """The files of films that others of these videos have joined or left, in folders with ``movie.nfo``."""
    changed: dict[bytes, set[bytes]] = defaultdict(set)
    for path in videos:
        changed[folder_of(path)].add(path)
    places = sa.select(directories.c.path, media_files.c.name).join_from(media_files, directories)
    nfos = select_in(connection, changed, lambda some: places.where(IS_NFO, IS_THERE, directories.c.path.in_(some)))
    due: set[int] = set()
    for folder, rows in _videos_in(connection, {row.path for row in nfos if plain(row.name) == MOVIE}).items():
        gone, new = ({path.rpartition(b"/")[2] for path in changed[folder] & {*some}} for some in (left, arrived))
        now = {row.name for row in rows} - gone | new
        before = now - new | gone
        films = film_in(folder, now), film_in(folder, before)
        if films[0] != films[1]:
            due |= {row.id for row in rows if row.name in films[0] | films[1]}
    return due


def _in(connection: sa.Connection, folder: bytes) -> list[bytes]:
    """The folders directly in a folder."""
    path, top = directories.c.path, folder.rstrip(b"/")
    inside = sa.select(path).where(path >= top + b"/", path < top + b"0")  # "0" is the byte after "/"
    return [one for one in connection.execute(inside).scalars() if b"/" not in below(one, folder)]


def _videos_in(connection: sa.Connection, folders: Collection[bytes]) -> dict[bytes, list[Any]]:
    found: dict[bytes, list[Any]] = defaultdict(list)
    for row in select_in(connection, folders, lambda some: _VIDEOS.where(directories.c.path.in_(some))):
        found[row.path].append(row)
    return found


def _mark(connection: sa.Connection, file_ids: Collection[int]) -> None:
    ids = sorted(file_ids)
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        these = media_files.c.id.in_(ids[start : start + _IDS_A_STATEMENT])
        connection.execute(sa.update(media_files).where(these, ~media_files.c.event_due).values(event_due=True))


_IDS_A_STATEMENT = 500
