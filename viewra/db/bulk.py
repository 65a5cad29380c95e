"""Many rows into one table: an INSERT that is compiled once, and whose rows go to the driver as they are.

SQLAlchemy looks up the name of each value of each row anew, which takes as long as half of SQLite's own work:
``python -m benchmarks rows`` gave 0.62 of ``sqlite3.executemany`` with it, and 0.85 to 0.95 without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

Row: TypeAlias = Mapping[str, Any]


def insert_rows(connection: sa.Connection, table: sa.TableClause, rows: Sequence[Row]) -> None:
    """Add rows, in values that the driver takes as they are; all have the columns of the first one."""
    if not rows:
        return
    statement, order = _compiled(table, tuple(rows[0]), connection.dialect)
    connection.exec_driver_sql(statement, [tuple([row[name] for name in order]) for row in rows] if order else [*rows])


@lru_cache(maxsize=64)
def _compiled(table: sa.TableClause, columns: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its parameters; none where the driver takes them by name."""
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=columns)
    return str(compiled), tuple(compiled.positiontup or ())
