"""Everything that is known of one file, and which plugin said it."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.tables import other_paths as links_table
from viewra.db.transactions import reading
from viewra.errors import UsageError
from viewra.library import other_paths, outcomes, priorities
from viewra.library.merge import merge
from viewra.library.paths import absolute, display, display_bytes, folder_of, join
from viewra.types import MediaFile

_table = media_files.c
_FILES = sa.select(
    _table.id,
    _table.library_id,
    _table.name,
    _table.mime_type,
    _table.size,
    _table.mtime_ns,
    _table.missing_since,
    directories.c.path,
).join_from(media_files, directories, _table.directory_id == directories.c.id)


def show(engine: sa.Engine, path: str) -> MediaFile:
    """The stored file at ``path``, which may be missing; found by its other paths, too.

    Raises ``UsageError`` when it is not in the library, and ``DatabaseError``.
    """
    given = absolute(path)
    with reading(engine) as connection:
        row = _find_there(connection, given) or _find(connection, given) or _find(connection, os.path.realpath(given))
        if row is None:
            raise UsageError(f"{display(path)} is not in the library", hint=_remedy(given))
        answers = outcomes.load(connection, [row.id]).get(row.id, [])
        orders = priorities.load(connection)
        links = other_paths.of_files(connection, [row.id]).get(row.id, [])
    return MediaFile(
        id=row.id,
        library_id=row.library_id,
        path=os.fsdecode(join(row.path, row.name)),
        mime_type=row.mime_type,
        size=row.size,
        mtime_ns=row.mtime_ns,
        metadata=merge((answer.reading() for answer in answers), orders),
        other_paths=tuple(os.fsdecode(join(link.path, link.name)) for link in links),
        missing_since=row.missing_since,
    )


def _find(connection: sa.Connection, path: bytes) -> Any:
    place = sa.and_(directories.c.path == folder_of(path), media_files.c.name == path.rpartition(b"/")[2])
    return connection.execute(_FILES.where(place)).one_or_none()


def _find_there(connection: sa.Connection, path: bytes) -> Any:
    """The file that is at this path: a missing one may have had it, too, before a link took its place."""
    row = _find(connection, path)
    return row if row is not None and row.missing_since is None else _find_linked(connection, path)


def _find_linked(connection: sa.Connection, path: bytes) -> Any:
    links = sa.select(links_table.c.media_file_id).join_from(links_table, directories)
    here = links.where(directories.c.path == folder_of(path), links_table.c.name == path.rpartition(b"/")[2])
    return connection.execute(_FILES.where(media_files.c.id.in_(here))).one_or_none()


def _remedy(path: bytes) -> str:
    if os.path.isdir(path):  # noqa: PTH112  (bytes)
        return "it is a folder: name one of its files"
    if not os.path.exists(path):  # noqa: PTH110  (bytes)
        return "there is no such file: check the path"
    return f"scan its folder: viewra scan {display_bytes(folder_of(path))}"
