"""Conditions on rows by the rows of another table that name them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def is_named(naming: sa.ColumnElement[int], named: sa.ColumnElement[int], *more: sa.ColumnElement[Any]) -> Any:
    """Return the condition that a row exists with ``naming`` equal to ``named``, and ``more``.

    It is looked up for each row that is read. Of EXISTS PostgreSQL makes a join, which may compare all rows of both
    tables before a page has its first row.
    """
    one = sa.select(sa.literal_column("1", sa.Integer)).where(naming == named, *more)
    return one.limit(sa.literal_column("1", sa.Integer)).scalar_subquery().is_not(None)
