"""Translates the database driver's exceptions into ``DatabaseError`` with the database's name and the remedy.

Only failures that an operator can cause or repair are translated; an error in our own statements stays as it is.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from viewra.errors import DatabaseError

_CAUSES = {
    sqlite3.SQLITE_READONLY: ("is read-only", "make the file and its folder writable, or name another with --database"),
    sqlite3.SQLITE_PERM: (
        "cannot be opened for lack of permissions",
        "make the file and its folder readable and writable",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "its folder must exist, and file and folder must be readable and writable",
    ),
    sqlite3.SQLITE_NOTADB: ("is not a SQLite database", "name another file with --database, or move this one away"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "restore it from a backup, or move it away and scan again"),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "free space on its disk and try again"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check its disk"),
    sqlite3.SQLITE_BUSY: ("is in use by another process", "wait for the other process or end it"),
    sqlite3.SQLITE_LOCKED: ("is in use", "wait for the other process or end it"),
    sqlite3.SQLITE_AUTH: ("cannot be used for lack of permissions", "check its permissions"),
}
"""SQLite's primary result codes (sqlite.org/rescode.html) with external causes, and the remedy for each."""

_MAYBE_FULL = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})
"""Messages that SQLite also gives on a full disk, where viewra then opens the database read-only."""

_ROOM = 64 * 1024

_INDEX = ("has a damaged or missing search index", "rebuild it: viewra fsck --repair")
_INDEX_CODES = frozenset({sqlite3.SQLITE_CORRUPT_VTAB, sqlite3.SQLITE_ERROR})
_INDEX_NAMES = ("media_search", "fts5", "database disk image is malformed")

_STATES = {
    "08": ("is not reachable any more", "check that the server runs, and start again"),
    "28": ("refuses this user or password", "check user and password in the URL, and pg_hba.conf of the server"),
    "3D": ("does not exist", "make it with createdb, or correct its name in the URL"),
    "3F000": (
        "has no schema for its tables that this user may use",
        "create the schema of the search path: CREATE SCHEMA … AUTHORIZATION the user",
    ),
    "42501": (
        "may not be used by this user",
        "as the owner of the object in the message: GRANT the user the rights on it",
    ),
    "53": ("has no disk space, memory or connections left", "look at the server's log"),
    "55P03": ("is in use by another process", "wait for the other process or end it"),
    "57": ("was shut down, or cancelled the statement", "check that the server runs, and start again"),
    "58": ("cannot be read or written", "look at the server's log"),
    "XX": ("is damaged", "look at the server's log; restore it from a backup"),
}
"""SQLSTATE codes, or their classes (the first two characters), with external causes, and the remedy for each."""

_REFUSALS = (
    ("authentication failed", "28"),
    ("no password supplied", "28"),
    ("no pg_hba.conf entry", "28"),
    ('role "', "28"),
    ("permission denied for database", "42501"),
    ('database "', "3D"),
    ("too many", "53"),
    ("starting up", "57"),
    ("shutting down", "57"),
)
"""Messages of servers that refuse a connection, for which the driver has no code, and the code for each."""

_UNDEFINED_TABLE = "42P01"

_DENIED = re.compile(r"permission denied for (schema|database|table|sequence) (\S+)$")

_RIGHTS = frozenset({"42501", "3F000"})

_UNREACHABLE = ("cannot be reached", "check host and port in the URL, and that the server runs and listens there")

_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)
"""Exceptions that mean an error in our own statements unless the server's code says otherwise."""

_OTHER = ("does not work", "check that it is a database of this version of viewra")


def database_name(url: sa.URL) -> str:
    """The database's name in messages: its file, or its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    shown = url.set(drivername="postgresql", query={})  # the options may contain a password, too
    return shown.render_as_string(hide_password=True)


@contextmanager
def translated(url: sa.URL) -> Iterator[None]:
    """Translate the driver's exceptions inside the block into ``DatabaseError``."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        if (failure := translation(url, error)) is None:
            raise
        raise failure from error


def translation(url: sa.URL, error: sa.exc.DatabaseError) -> DatabaseError | None:
    """What to raise for this exception of the driver; None for an error in our own statements."""
    cause = _postgresql(error) if url.get_backend_name() == "postgresql" else _sqlite(error, url.database or "")
    if cause is None:
        return None
    what, hint = cause
    reason = str(error.orig).strip().partition("\n")[0]
    if (denied := _DENIED.search(reason)) is not None:
        hint = f"as its owner: GRANT ALL ON {denied[1].upper()} {denied[2]} TO {url.username or 'that user'}"
    return DatabaseError(f"database {database_name(url)} {what} ({reason})", hint=hint)


def damaged_index(url: sa.URL, reason: str) -> DatabaseError:
    """What is raised for a search index that does not find what it should, as ``reason`` says."""
    what, hint = _INDEX
    return DatabaseError(f"database {database_name(url)} {what} ({reason})", hint=hint)


def lacks_rights(error: Exception) -> bool:
    """Whether the database's user lacks a permission, so that the migration itself is not at fault."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _RIGHTS


def _sqlite(error: sa.exc.DBAPIError, path: str) -> tuple[str, str] | None:
    if isinstance(error, _OURS):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code in _INDEX_CODES and any(name in str(error.orig) for name in _INDEX_NAMES):
        return _INDEX
    if code is None:
        return _OTHER
    if code & 0xFF in _MAYBE_FULL and _is_full(path):
        return _CAUSES[sqlite3.SQLITE_FULL]
    return _CAUSES.get(code & 0xFF, _OTHER)


def _is_full(path: str) -> bool:
    """Whether the disk has no space for the files that SQLite makes beside the database."""
    try:
        disk = os.statvfs(Path(path).absolute().parent)
    except OSError:
        return False
    return not disk.f_flag & os.ST_RDONLY and disk.f_bavail * disk.f_frsize < _ROOM


def _postgresql(error: sa.exc.DBAPIError) -> tuple[str, str] | None:
    state = getattr(error.orig, "sqlstate", None)
    if state == _UNDEFINED_TABLE and "media_search" in str(error.orig):
        return _INDEX
    if state is None and isinstance(error, sa.exc.OperationalError):
        said = str(error.orig)
        if "connection to server" in said and " failed: " in said:
            said = said.partition(" failed: ")[2]
        state = next((code for words, code in _REFUSALS if words in said), None)
        if state is None:
            return _STATES["08"] if error.connection_invalidated else _UNREACHABLE
    known = _STATES.get(state or "") or _STATES.get((state or "")[:2])
    return known or (None if isinstance(error, _OURS) else _OTHER)
