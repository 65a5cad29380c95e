"""Everything that is known of one file, and which plugin said it."""

from __future__ import annotations

import os

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading
from viewra.errors import UsageError
from viewra.library import outcomes, priorities
from viewra.library.merge import merge
from viewra.library.paths import absolute, display, display_bytes, folder_of, join
from viewra.types import MediaFile


def show(engine: sa.Engine, path: str) -> MediaFile:
    """The stored file at ``path``. Raises ``UsageError`` when it is not in the library, and ``DatabaseError``."""
    given = absolute(path)
    with reading(engine) as connection:
        row = _find(connection, given) or _find(connection, os.path.realpath(given))
        if row is None:
            raise UsageError(f"{display(path)} is not in the library", hint=_remedy(given))
        answers = outcomes.load(connection, [row.id]).get(row.id, [])
        orders = priorities.load(connection)
    return MediaFile(
        id=row.id,
        library_id=row.library_id,
        path=os.fsdecode(join(row.path, row.name)),
        mime_type=row.mime_type,
        size=row.size,
        mtime_ns=row.mtime_ns,
        metadata=merge((answer.reading() for answer in answers), orders),
    )


def _find(connection: sa.Connection, path: bytes) -> sa.Row[int, int, bytes, str, int, int, bytes] | None:
    table = media_files.c
    columns = (table.id, table.library_id, table.name, table.mime_type, table.size, table.mtime_ns, directories.c.path)
    found = sa.select(*columns).join_from(media_files, directories, table.directory_id == directories.c.id)
    return connection.execute(
        found.where(directories.c.path == folder_of(path), table.name == path.rpartition(b"/")[2])
    ).one_or_none()


def _remedy(path: bytes) -> str:
    if os.path.isdir(path):  # noqa: PTH112  (bytes)
        return "it is a folder: name one of its files"
    if not os.path.exists(path):  # noqa: PTH110  (bytes)
        return "there is no such file: check the path"
    return f"scan its folder: viewra scan {display_bytes(folder_of(path))}"
