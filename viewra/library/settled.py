"""What a scan found when it left nothing to do in a library: each file is read, and nothing is due.

It holds until a row of a file, or what a plugin read of one, changes: triggers of the database then delete it.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson
import sqlalchemy as sa

from viewra.db.tables import directories, event_is_due, libraries, media_files
from viewra.db.transactions import writing
from viewra.library.folder_signature import FORMAT, context_of
from viewra.library.mime import MediaTypes


class Settled(NamedTuple):
    """``plugins`` is the host's text for the state of all plugins; with another one there may be something to do.

    ``context`` is that of the folders' signatures, in hexadecimal, and ``declared`` the media types that plugins add.
    ``still_failed`` and ``unwanted`` are as in the report of the scan. ``program`` is ``program_of``, in hexadecimal.
    """

    plugins: str
    context: str
    declared: dict[str, list[str]]
    still_failed: int
    unwanted: dict[str, int]
    program: str = ""


class KnownFolder(NamedTuple):
    """What is stored of a folder whose rows are as the disk was: its id, and how many ``files`` it has.

    ``changed_ns`` is when its names had last changed by then, as ``folder_signature.certain`` says it.
    """

    id: int
    signature: bytes
    files: int
    changed_ns: int


def load(connection: sa.Connection, library_id: int) -> Settled | None:
    """What is stored of a library; None where something may be to do."""
    text = connection.execute(sa.select(libraries.c.settled).where(libraries.c.id == library_id)).scalar()
    return Settled(**orjson.loads(text)) if text is not None else None


def store(engine: sa.Engine, library_id: int, settled: Settled) -> None:
    """Store that nothing is to do."""
    text = orjson.dumps(settled._asdict()).decode()
    with writing(engine) as connection:
        connection.execute(sa.update(libraries).where(libraries.c.id == library_id).values(settled=text))


def is_due(connection: sa.Connection, library_id: int) -> bool:
    """Whether a file has still to be told to listeners."""
    ours = media_files.c.library_id + 0 == library_id  # so that SQLite takes the index of ``event_is_due``
    due = sa.select(media_files.c.id).where(ours, event_is_due)
    return connection.execute(due.limit(1)).first() is not None


def known_folders(connection: sa.Connection, inside: sa.ColumnElement[bool]) -> dict[bytes, KnownFolder]:
    """The folders that have a signature, by path."""
    columns = directories.c
    found = sa.select(columns.path, columns.id, columns.signature, columns.files, columns.mtime_ns)
    rows = connection.execute(found.where(inside, columns.signature.is_not(None))).all()
    return {path: KnownFolder(*values) for path, *values in rows}


def program_of(media: MediaTypes) -> bytes:
    """What this version of viewra decides files by: another one may know more types."""
    return context_of(FORMAT, media.told())
