"""Many rows at once: an INSERT that is compiled once and whose rows go to the driver as they are, and SELECT by keys.

SQLAlchemy processes each value of each row, which takes half as long as SQLite's own work: ``python -m benchmarks
rows`` gave 0.62 of the speed of ``sqlite3.executemany`` with SQLAlchemy, and 0.85 to 0.95 without.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa

Row: TypeAlias = Mapping[str, Any]


def insert_rows(connection: sa.Connection, table: sa.TableClause, rows: Sequence[Row]) -> None:
    """Insert rows whose values the driver accepts unchanged; all rows have the columns of the first."""
    if rows:
        _execute(connection, _inserting(table, tuple(rows[0]), connection.dialect), rows)


def replace_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows as ``insert_rows`` does, in place of those with the same primary key."""
    if rows:
        _execute(connection, _replacing(table, tuple(rows[0]), connection.dialect), rows)


KEYS_A_QUERY = 500

Keys: TypeAlias = Sequence[Any] | sa.Select[Any]
"""What ``column.in_`` takes."""


def select_in(
    connection: sa.Connection, keys: Iterable[Any], statement: Callable[[Keys], sa.Select[*tuple[Any, ...]]]
) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    """Give the rows of a statement that takes keys, 500 keys at a time: databases bound how many one may have."""
    wanted = [*keys]
    for start in range(0, len(wanted), KEYS_A_QUERY):
        yield from connection.execute(statement(keys_for(connection, wanted[start : start + KEYS_A_QUERY]))).all()


def keys_for(connection: sa.Connection, keys: Iterable[Any]) -> Keys:
    """Have ``column.in_`` take numbers or texts as one parameter, where the database can.

    For a statement with 500 keys in SQLite, SQLAlchemy and the driver need 1.0 ms if each is a parameter of its own,
    and 0.4 ms if all are one.
    """
    known = [*keys]
    if connection.dialect.name != "sqlite" or not known or isinstance(known[0], bytes):
        return known
    written = orjson.dumps(known).decode()
    if _NUL in written:  # SQLite ends a text of JSON there
        return known
    return _VALUES.select_from(sa.func.json_each(written))


_NUL = r"\u0000"
_VALUES: sa.Select[Any] = sa.select(sa.literal_column("value"))


_Compiled: TypeAlias = tuple[str, tuple[str, ...]]
"""A statement, and the order of its parameters; none if the driver takes parameters by name."""


def _execute(connection: sa.Connection, compiled: _Compiled, rows: Sequence[Row]) -> None:
    statement, order = compiled
    connection.exec_driver_sql(statement, [tuple([row[name] for name in order]) for row in rows] if order else [*rows])


@lru_cache(maxsize=64)
def _inserting(table: sa.TableClause, columns: tuple[str, ...], dialect: sa.Dialect) -> _Compiled:
    return _compiled(sa.insert(table), columns, dialect)


@lru_cache(maxsize=64)
def _replacing(table: sa.Table, columns: tuple[str, ...], dialect: sa.Dialect) -> _Compiled:
    dialects = importlib.import_module(f"sqlalchemy.dialects.{dialect.name}")  # PostgreSQL's takes a while
    statement = dialects.insert(table)
    key = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in columns if name not in key}
    return _compiled(statement.on_conflict_do_update(index_elements=key, set_=others), columns, dialect)


def _compiled(statement: sa.Insert, columns: tuple[str, ...], dialect: sa.Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    return str(compiled), tuple(compiled.positiontup or ())
