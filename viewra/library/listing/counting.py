"""Counts rows up to a bound: nobody reads on until there, and counting a million takes long."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

_BOUND = "bound"


def count_up_to(connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]], bound: int) -> int:
    """Return how many rows a statement finds, at most ``bound`` + 1."""
    return int(connection.execute(_counting(rows), {_BOUND: bound + 1}).scalar_one())


@lru_cache(maxsize=128)
def _counting(rows: sa.Select[*tuple[Any, ...]]) -> sa.Select[int]:
    found: sa.Select[int] = rows.with_only_columns(sa.literal_column("1", sa.Integer), maintain_column_froms=True)
    bounded = found.limit(sa.bindparam(_BOUND, type_=sa.Integer))
    return sa.select(sa.func.count()).select_from(bounded.subquery())
