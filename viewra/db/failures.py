"""Turns what the database driver raises into ``DatabaseError`` with the file and the remedy, in this one place.

Only what an operator can cause or mend is turned; a mistake in our own statements stays the exception that it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from viewra.errors import DatabaseError

_CAUSES = {
    sqlite3.SQLITE_READONLY: ("is read-only", "make the file and its folder writable, or name another with --database"),
    sqlite3.SQLITE_PERM: ("may not be opened", "make the file and its folder readable and writable"),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "its folder must exist, and file and folder must be readable and writable",
    ),
    sqlite3.SQLITE_NOTADB: ("is not a database", "name another file with --database, or move this one away"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "restore it from a backup, or move it away and scan again"),
    sqlite3.SQLITE_FULL: ("has no room: the disk is full", "free space on its disk and try again"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check its disk"),
    sqlite3.SQLITE_BUSY: ("is in use by another process", "wait for the other process or end it"),
    sqlite3.SQLITE_LOCKED: ("is in use", "wait for the other user of it"),
    sqlite3.SQLITE_AUTH: ("may not be used", "check the rights on it"),
}
"""Primary result codes of SQLite (sqlite.org/rescode.html) that come from the outside, and what to do."""

_OTHER = ("does not work", "check that it is a database of this version of viewra")


def database_name(url: sa.URL) -> str:
    """How messages call a database: its file, or its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.render_as_string(hide_password=True)


@contextmanager
def translated(url: sa.URL) -> Iterator[None]:
    """Let what the database raises inside leave as ``DatabaseError``."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        if isinstance(error, (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)):
            raise
        code = getattr(error.orig, "sqlite_errorcode", None)
        what, hint = _CAUSES.get(code & 0xFF, _OTHER) if code is not None else _OTHER
        raise DatabaseError(f"database {database_name(url)} {what} ({error.orig})", hint=hint) from error
