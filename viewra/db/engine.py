"""Opens the host's database: turns a URL into an engine and migrates the schema to the newest revision."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db import postgresql, sqlite
from viewra.db.schema import ensure_schema
from viewra.errors import UsageError


def open_database(url: str, *, backups: Path | None = None) -> sa.Engine:
    """An engine for the database at ``url``, migrated to the newest schema.

    ``sqlite:///relative.db`` and ``sqlite:////absolute.db`` name a file, which is created if absent; its folder must
    exist. ``postgresql://user:password@host/database`` names an existing database; the tables are in the first schema
    of its search path. Before a migration that may lose data, a SQLite file is copied to the folder ``backups``. The
    caller calls ``dispose`` at the end. Any thread may use the engine. Raises ``UsageError`` for an unusable URL,
    ``DatabaseError`` and ``MigrationError`` for an unusable database.
    """
    engine = open_unmigrated(url)
    try:
        ensure_schema(engine, backups)
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_unmigrated(url: str) -> sa.Engine:
    """An engine for the database at ``url``, with its schema unchanged. Raises ``UsageError``."""
    parsed = _parse(url)
    return postgresql.engine_for(parsed) if parsed.drivername in postgresql.NAMES else sqlite.engine_for(parsed)


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # Neither chained nor shown beyond its beginning: the URL may contain a password.
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
