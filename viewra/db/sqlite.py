"""What is SQLite's own: pragmas for each connection, and transactions that begin where SQLAlchemy says so."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa

BUSY_TIMEOUT_MS = 5000
"""How long a statement waits for another writer before it fails."""

WRITES = "viewra_writes"
"""Execution option of a connection that is going to write."""


NAMES = frozenset({"sqlite", "sqlite+pysqlite"})
"""What the URL of a database may begin with."""


def engine_for(url: sa.URL) -> sa.Engine:
    """An engine without a connection yet, which sets up each one that it will open."""
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _set_pragmas)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # Python's driver would begin transactions by itself, and not before DDL: then no migration could be undone.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _use_wal(cursor)
        # Under WAL this stays consistent; a power cut may take the last transactions, and the next scan redoes them.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to WAL; a no-op on others. SQLite does not apply the busy timeout to this switch, so we do."""
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
    # A writer takes the lock at once: a reader that turns writer later fails without waiting when another was faster.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
