"""All metadata of one file, and which plugin gave it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import KEYS_A_QUERY, keys_for
from viewra.db.tables import directories, media_files
from viewra.db.tables import other_paths as links_table
from viewra.db.transactions import reading
from viewra.errors import NotFound
from viewra.library import answers, other_paths, outcomes, priorities
from viewra.library.merge import merge
from viewra.library.paths import absolute, display, display_bytes, folder_of, join
from viewra.text import shown
from viewra.types import MAX_ID, MediaFile, MetadataValue

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


def show(engine: sa.Engine, id_or_path: int | str) -> MediaFile:
    """Return the stored file with an id, or at a path, also at one of its other paths; it may be missing.

    Raises ``NotFound`` if it is not in the library, and ``DatabaseError``.
    """
    with reading(engine) as connection:
        row = _by_path(connection, id_or_path) if isinstance(id_or_path, str) else _by_id(connection, id_or_path)
        said = answers.load(connection, [row.id]).get(row.id, [])
        orders = priorities.load(connection)
        links = other_paths.of_files(connection, [row.id]).get(row.id, [])
    return MediaFile(
        id=row.id,
        library_id=row.library_id,
        path=os.fsdecode(join(row.path, row.name)),
        mime_type=row.mime_type,
        size=row.size,
        mtime_ns=row.mtime_ns,
        metadata=merge(outcomes.readings(said), orders),
        other_paths=tuple(os.fsdecode(join(link.path, link.name)) for link in links),
        missing_since=row.missing_since,
    )


def metadata_of(engine: sa.Engine, file_ids: Sequence[int]) -> dict[int, dict[str, MetadataValue]]:
    """Return the metadata of files by their ids; one that is not in the library any more is left out.

    Raises ``DatabaseError``.
    """
    ids = [file_id for file_id in file_ids if 0 < file_id <= MAX_ID]
    found: dict[int, dict[str, MetadataValue]] = {}
    with reading(engine) as connection:
        orders = priorities.load(connection)
        # In parts, as databases bound how many keys a statement may have.
        for start in range(0, len(ids), KEYS_A_QUERY):
            some = keys_for(connection, ids[start : start + KEYS_A_QUERY])
            there = connection.execute(sa.select(_table.id).where(_table.id.in_(some))).scalars().all()
            said = answers.load(connection, there)
            found |= {file_id: merge(outcomes.readings(said.get(file_id, ())), orders) for file_id in there}
    return found


def _by_id(connection: sa.Connection, file_id: int) -> Any:
    row = None
    if 0 < file_id <= MAX_ID:
        row = connection.execute(_FILES.where(media_files.c.id == file_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no file with the id {file_id}", hint="it may have been purged: search for it")
    return row


def _by_path(connection: sa.Connection, path: str) -> Any:
    try:
        given = absolute(path)
        real = os.path.realpath(given)
    except ValueError as error:  # a NUL, or a surrogate that stands for no byte
        raise NotFound(f"{shown(path)} is not in the library", hint="no file can have this name") from error
    row = _find_there(connection, given) or _find(connection, given) or _find(connection, real)
    if row is None:
        raise NotFound(f"{display(path)} is not in the library", hint=_remedy(given))
    return row


def _find(connection: sa.Connection, path: bytes) -> Any:
    place = sa.and_(directories.c.path == folder_of(path), media_files.c.name == path.rpartition(b"/")[2])
    return connection.execute(_FILES.where(place)).one_or_none()


def _find_there(connection: sa.Connection, path: bytes) -> Any:
    """The file that is at this path: a missing one may have had it before a link took its place."""
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
