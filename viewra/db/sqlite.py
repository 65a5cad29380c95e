"""SQLite only: pragmas for each connection, and transactions that begin when SQLAlchemy says so.

A database on a full or read-only disk can still be read, without the files that SQLite normally makes beside it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

BUSY_TIMEOUT_MS = 5000
"""How long a statement waits for another writer before it fails."""

_NO_PLACE = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
)
"""SQLite's errors when it cannot create its files beside the database."""

WRITES = "viewra_writes"
"""Execution option of a connection that will write."""


NAMES = frozenset({"sqlite", "sqlite+pysqlite"})
"""The URL schemes of this database."""


def engine_for(url: sa.URL) -> sa.Engine:
    """An engine that has not connected yet; it sets the pragmas of each connection that it opens."""
    engine = sa.create_engine(url)
    sa.event.listen(engine, "do_connect", _connect)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _connect(
    _dialect: object, _record: object, arguments: Sequence[str], options: dict[str, Any]
) -> sqlite3.Connection:
    (path,) = arguments
    try:
        return _opened(path, options)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _NO_PLACE or not _is_filled(path):
            raise
        with contextlib.suppress(sqlite3.OperationalError):
            return _opened_without_files(path, options)
        raise


def _opened(path: str, options: dict[str, Any]) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(path, **options)
    try:
        # Python's driver would start transactions implicitly, but not before DDL: then no migration could be rolled
        # back.
        connection.isolation_level = None
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            _use_wal(cursor)
            # Under WAL this stays consistent. A power cut may lose the last transactions, which the next scan repeats.
            cursor.execute("PRAGMA synchronous = NORMAL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("SELECT 1 FROM sqlite_master").fetchone()  # SQLite creates its files here, or fails
    except BaseException:
        connection.close()
        raise
    return connection


def _opened_without_files(path: str, options: dict[str, Any]) -> sqlite3.Connection:
    """A read-only connection that needs no files beside the database, which no writer can open and change meanwhile.

    If a killed writer left a WAL, it is read under a lock that excludes all other connections.
    """
    place, setup = f"file:{quote(os.path.abspath(path))}?immutable=1", ""  # noqa: PTH100
    if _is_filled(f"{path}-wal"):
        place = f"file:{quote(os.path.abspath(path))}"  # noqa: PTH100
        setup = f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON"
    connection: sqlite3.Connection = sqlite3.connect(place, **{**options, "uri": True})
    try:
        connection.isolation_level = None
        connection.executescript(setup)
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_filled(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116
    except OSError:
        return False


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to WAL; other files already are. SQLite ignores the busy timeout here, so this waits itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: a reader that becomes a writer later fails without waiting if another was faster.
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # which cannot fail: SQLAlchemy's way takes as long as a look-up
        connection.connection.cursor().execute("BEGIN")
