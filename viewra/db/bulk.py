"""Many rows at once: an INSERT that is compiled once and whose rows go to the driver as they are, and SELECT by keys.

SQLAlchemy looks up the name of each value of each row anew, which takes as long as half of SQLite's own work:
``python -m benchmarks rows`` gave 0.62 of ``sqlite3.executemany`` with it, and 0.85 to 0.95 without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


KEYS_A_QUERY = 500


def select_in(
    connection: sa.Connection, keys: Iterable[Any], statement: Callable[[Sequence[Any]], sa.Select[*tuple[Any, ...]]]
) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    """Give the rows of a statement that takes keys, 500 keys at a time: databases bound how many one may have."""
    wanted = [*keys]
    for start in range(0, len(wanted), KEYS_A_QUERY):
        yield from connection.execute(statement(wanted[start : start + KEYS_A_QUERY])).all()


@lru_cache(maxsize=64)
def _compiled(table: sa.TableClause, columns: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, tuple[str, ...]]:
    """The statement, and the order of its parameters; none where the driver takes them by name."""
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=columns)
    return str(compiled), tuple(compiled.positiontup or ())
