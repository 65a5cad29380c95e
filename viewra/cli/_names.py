"""Reads names from the host's database for completion in shells: quickly, without SQLAlchemy, a lock or a migration.

Whatever keeps it from reading, it gives nothing: a shell that waits for a completion has no use for an error.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from urllib.parse import quote

PATIENCE_S = 1
"""How long a completion waits for a database."""

PLUGINS = "SELECT DISTINCT plugin_id FROM plugins ORDER BY plugin_id"
LIBRARIES = "SELECT path_text FROM libraries ORDER BY path_text"
FIELDS = "SELECT field FROM metadata_fields ORDER BY field"

_SQLITE = "sqlite:///"


def read(url: str, statement: str) -> list[str]:
    """Return the names that one of the statements above gives in the database at ``url``; none if that fails."""
    if url.startswith(_SQLITE):
        return _from_sqlite(url.removeprefix(_SQLITE).partition("?")[0], statement)
    return _from_postgresql(url, statement)


def _from_sqlite(path: str, statement: str) -> list[str]:
    with contextlib.suppress(sqlite3.Error):
        place = f"file:{quote(os.path.abspath(path))}?mode=ro"  # noqa: PTH100
        with contextlib.closing(sqlite3.connect(place, uri=True, timeout=PATIENCE_S)) as connection:
            return [str(row[0]) for row in connection.execute(statement)]
    return []


def _from_postgresql(url: str, statement: str) -> list[str]:
    try:
        import psycopg  # there is no need of it with SQLite

        scheme, _, rest = url.partition("://")
        place = f"{scheme.partition('+')[0]}://{rest}"
        # One address is tried for at least two seconds, whatever is asked for.
        with psycopg.connect(place, connect_timeout=2 * PATIENCE_S) as connection:
            connection.read_only = True
            connection.execute(f"SET statement_timeout = {1000 * PATIENCE_S}")
            return [str(row[0]) for row in connection.execute(statement.encode())]
    except Exception:
        return []
