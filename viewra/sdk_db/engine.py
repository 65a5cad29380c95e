"""Opens a plugin's own database, with SQLite's transactions as SQLAlchemy expects them."""

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
"""How long a migration waits for another migration."""


DRIVERS = {"psycopg": "'psycopg[binary]'"}
"""The package to install for each missing driver module."""


def open_engine(url: str) -> sa.Engine:
    """An engine for the plugin's own database (``self.context.database_url``); the caller disposes of it.

    On SQLite a transaction takes the write lock when it begins. The file is in WAL mode, where a commit does not wait
    for the disk: a power cut may lose the last commits, but never a part of one. Foreign keys are enforced. Raises
    MigrationError if the driver for PostgreSQL is not installed.
    """
    return _engine(url, "BEGIN IMMEDIATE", busy_timeout=BUSY_TIMEOUT_MS, foreign_keys="ON")


def open_for_migration(url: str, begin: str) -> sa.Engine:
    """An engine for changes of the schema: foreign keys are not enforced.

    Alembic changes a SQLite table by copying and dropping it, which would otherwise delete all rows that refer to it.
    """
    return _engine(url, begin, busy_timeout=MIGRATION_TIMEOUT_MS, foreign_keys="OFF")


def has_database(url: str) -> bool:
    """Whether the database exists: opening a SQLite file to look would create it."""
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
            f"the driver for the database is not installed in the plugin's environment: pip install {package}"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _record: _prepare(connection, pragmas))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare(connection: sqlite3.Connection, pragmas: Mapping[str, object]) -> None:
    # Python's driver would start transactions implicitly, but not before DDL: then no migration could be rolled back.
    connection.isolation_level = None
    for name, value in {**pragmas, "synchronous": "NORMAL"}.items():
        connection.execute(f"PRAGMA {name} = {value}").close()
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. SQLite ignores the busy timeout here, so this waits itself."""
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
