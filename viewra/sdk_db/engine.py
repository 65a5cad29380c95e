"""Opens a plugin's own database: what SQLite needs so that transactions are what SQLAlchemy says they are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from viewra.errors import MigrationError

BUSY_TIMEOUT_MS = 5000
"""How long a statement waits for another writer before it fails."""
MIGRATION_TIMEOUT_MS = 600_000
"""How long a migration waits for another one to end."""


DRIVERS = {"psycopg": "'psycopg[binary]'"}
"""What is installed for a module that is missing."""


def open_engine(url: str) -> sa.Engine:
    """An engine on the plugin's own database (``self.context.database_url``); the caller disposes of it.

    On SQLite a transaction takes the write lock when it begins, and its file is in WAL mode, where a commit need not
    wait for the disk: a power cut may take the last commits, and never leaves half of one. Foreign keys hold. Raises
    MigrationError when the driver for PostgreSQL is not installed.
    """
    return _engine(url, "BEGIN IMMEDIATE", busy_timeout=BUSY_TIMEOUT_MS, foreign_keys="ON")


def open_for_migration(url: str, begin: str) -> sa.Engine:
    """An engine for changes of the schema: without foreign keys.

    SQLite changes a table by copying and dropping it; dropping it would delete all rows that refer to it.
    """
    return _engine(url, begin, busy_timeout=MIGRATION_TIMEOUT_MS, foreign_keys="OFF")


def has_database(url: str) -> bool:
    """Whether there is anything yet that could be opened: looking at a SQLite file must not make one."""
    parsed = sa.make_url(url)
    return parsed.get_backend_name() != "sqlite" or (parsed.database is not None and Path(parsed.database).exists())


def _engine(url: str, begin: str, **pragmas: object) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(parsed)
    except ModuleNotFoundError as error:
        package = DRIVERS.get(str(error.name), error.name)
        raise MigrationError(
            f"the driver for the database is not installed where the plugin runs: pip install {package}"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _record: _prepare(connection, pragmas))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare(connection: sqlite3.Connection, pragmas: Mapping[str, object]) -> None:
    # Python's driver would begin transactions by itself, and not before DDL: then no migration could be undone.
    connection.isolation_level = None
    for name, value in {**pragmas, "synchronous": "NORMAL"}.items():
        connection.execute(f"PRAGMA {name} = {value}").close()
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL; SQLite does not wait for another process here, so we do."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
