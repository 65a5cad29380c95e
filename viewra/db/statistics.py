"""Has SQLite look at how its tables are filled; it chooses the way of a query by that, and never looks by itself.

PostgreSQL does.
"""

from __future__ import annotations

import sqlalchemy as sa

ROWS_AN_INDEX = 1000
"""How many rows of each index are looked at: a tenth of a second for a million files."""


def renew(connection: sa.Connection) -> None:
    """Look at the tables; in a transaction that writes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit = {ROWS_AN_INDEX}")
        connection.exec_driver_sql("ANALYZE")
