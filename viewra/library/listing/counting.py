"""Counts rows up to a bound: nobody reads on until there, and counting a million takes long."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

_BOUND = "bound"


def count_up_to(connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]], bound: int) -> int:
    """Return how many rows a statement finds, at most ``bound`` + 1."""
    return int(connection.execute(_bounded(rows), {_BOUND: bound + 1}).scalar_one())


def counting(rows: sa.Select[*tuple[Any, ...]], bound: sa.ColumnElement[int]) -> sa.Select[int]:
    """Return the statement of the ``total`` of what a statement finds, at most ``bound``."""
    found: sa.Select[int] = rows.with_only_columns(sa.literal_column("1", sa.Integer), maintain_column_froms=True)
    return sa.select(sa.func.count().label("total")).select_from(found.limit(bound).subquery())


@lru_cache(maxsize=128)
def _bounded(rows: sa.Select[*tuple[Any, ...]]) -> sa.Select[int]:
    return counting(rows, sa.bindparam(_BOUND, type_=sa.Integer))
