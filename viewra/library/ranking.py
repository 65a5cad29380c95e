"""Counts, ranks and looks up the hits of a search by words, all in one statement unless there are too many to rank."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import attrs
import sqlalchemy as sa

from viewra.db.catalogue_tables import catalogue
from viewra.db.fetching import fetch
from viewra.db.tables import directories, media_files
from viewra.library import fulltext
from viewra.library.listing import files
from viewra.library.listing.counting import counting
from viewra.library.query.plan import Plan
from viewra.library.query.tree import Node

_BOUND, _MOST = "bound", "most_hits"


Hit: TypeAlias = tuple[float, bytes, bytes, str, str, str]
"""Rank (the lower the better, at most 0), the path of the folder, name, title, artist and album."""


def best(connection: sa.Connection, planned: Plan, text: Node, *, wanted: int, most: int) -> tuple[int, Sequence[Hit]]:
    """Return how many hits there are, at most ``most`` + 1, and the best ``wanted`` of them unless they are more."""
    rows = fetch(connection, _found(planned, text), {_BOUND: most + 1, _MOST: wanted})
    hits: list[Any] = [row[1:] for row in rows if row[1] is not None]
    return rows[0][0], hits


@lru_cache(maxsize=64)
def ranks(planned: Plan, text: Node) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of all hits of a plan's words in the index with their ranks."""
    index = fulltext.media_search
    hits = sa.select(index.c.rowid, fulltext.rank(planned.database, text).label("rank"))
    return hits.where(fulltext.matches(planned.database, text))


@lru_cache(maxsize=64)
def conditions(planned: Plan) -> Sequence[sa.ColumnElement[bool]]:
    """Return the plan's conditions on columns, as conditions on rows of the index."""
    if not planned.where:
        return ()
    return (fulltext.media_search.c.rowid.in_(files.ids(attrs.evolve(planned, text=None))),)


@lru_cache(maxsize=64)
def _found(planned: Plan, text: Node) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of a row for each of the best hits, all of them with the total; one row without a hit."""
    hits = ranks(planned, text).where(*conditions(planned))
    counted = counting(hits, sa.bindparam(_BOUND, type_=sa.Integer)).cte("counted")
    total = counted.c.total
    bound, most = (sa.bindparam(name, type_=sa.Integer) for name in (_BOUND, _MOST))
    in_order = hits.order_by(sa.text("rank"), fulltext.media_search.c.rowid)
    if planned.database == "sqlite":
        # As a condition, SQLite would look at it for each hit.
        ranked = in_order.limit(sa.select(sa.case((total < bound, most), else_=0)).scalar_subquery())
    else:  # PostgreSQL plans for as many rows as the limit says, and looks at such a condition once
        ranked = in_order.where(sa.select(total < bound).scalar_subquery()).limit(most)
    # Looked up only now: a join would rank each hit twice.
    one = ranked.subquery("best")
    with_files = (
        sa.join(one, media_files, media_files.c.id == one.c.rowid)
        .join(directories, media_files.c.directory_id == directories.c.id)
        .join(catalogue, catalogue.c.media_file_id == media_files.c.id)
    )
    found = sa.select(total, one.c.rank, *files.FOUND).select_from(sa.outerjoin(counted, with_files, sa.true()))
    return found.order_by(one.c.rank, one.c.rowid)
