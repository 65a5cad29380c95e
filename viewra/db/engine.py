"""Opens the host's database: a URL becomes an engine whose schema is the newest."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db import postgresql, sqlite
from viewra.db.schema import ensure_schema
from viewra.errors import UsageError


def open_database(url: str, *, backups: Path | None = None) -> sa.Engine:
    """The engine of the database at ``url``, migrated.

    ``sqlite:///relative.db`` and ``sqlite:////absolute.db`` name a file, which is made when it is not there; its folder
    is not. ``postgresql://user:password@host/database`` names a database that is there; the tables are in the first
    schema of its search path. Before a migration that may lose data, a SQLite file is copied to the folder ``backups``.
    The caller calls ``dispose`` at the end. Any thread may use the engine. Raises ``UsageError`` for a URL that
    cannot be meant, ``DatabaseError`` and ``MigrationError`` for a database that cannot be used.
    """
    engine = open_unmigrated(url)
    try:
        ensure_schema(engine, backups)
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_unmigrated(url: str) -> sa.Engine:
    """The engine of the database at ``url``, with whatever schema it has; raises ``UsageError``."""
    parsed = _parse(url)
    return postgresql.engine_for(parsed) if parsed.drivername in postgresql.NAMES else sqlite.engine_for(parsed)


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # Not chained, and not shown but for its beginning: there may be a password in it.
        scheme, separator, _ = url.partition("://")
        shown = f"{scheme}{separator}…" if separator else url
        hint = "write sqlite:////absolute/path/of/viewra.db, or postgresql://user:password@host/database"
        raise UsageError(f"not a database URL: {shown!r}", hint=hint) from None
    if parsed.drivername in postgresql.NAMES:
        return parsed
    if parsed.drivername not in sqlite.NAMES:
        raise UsageError(
            f"viewra keeps its data in SQLite or PostgreSQL, not in {parsed.drivername}",
            hint="write sqlite:///FILE or postgresql://user:password@host/database",
        )
    if not parsed.database or parsed.database == ":memory:":
        raise UsageError("the database must be a file: several threads share it", hint="write sqlite:///FILE")
    return parsed
