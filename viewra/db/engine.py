"""Opens the host's database: a URL becomes an engine whose schema is the newest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db import sqlite
from viewra.db.failures import translated
from viewra.db.schema import ensure_schema
from viewra.errors import UsageError


def open_database(url: str, *, backups: Path | None = None) -> sa.Engine:
    """The engine of the database at ``url`` (``sqlite:///relative.db``, ``sqlite:////absolute.db``), migrated.

    Before a migration that may lose data, a SQLite file is copied to the folder ``backups``. The file is made when it is not there, its folder is not. Whoever opens it calls ``engine.dispose()``. Any thread
    may use the engine. Raises ``UsageError`` for a URL that cannot be meant, ``DatabaseError`` and
    ``MigrationError`` for a database that cannot be used.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise UsageError(f"not a database URL: {url!r}", hint="write sqlite:////absolute/path/of/viewra.db") from error
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise UsageError(f"viewra keeps its data in SQLite, not in {parsed.drivername}", hint="write sqlite:///FILE")
    if not parsed.database or parsed.database == ":memory:":
        raise UsageError("the database must be a file: several threads share it", hint="write sqlite:///FILE")
    with translated(parsed):
        engine = sa.create_engine(parsed)
    sqlite.prepare(engine)
    try:
        ensure_schema(engine, backups)
    except BaseException:
        engine.dispose()
        raise
    return engine
