"""The full-text index in SQLite (FTS5): how a parsed query becomes a MATCH expression, and the measure of a hit."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.library.query import TEXT_FIELDS, Query, Term

WEIGHTS = (10.0, 8.0, 6.0, 5.0, 4.0, 2.0, 2.0, 1.0)
"""How much a hit counts in each of ``TEXT_FIELDS`` and in the path."""

media_search = sa.table(
    "media_search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in (*TEXT_FIELDS, "path"))
)


def insert(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Add rows to the index."""
    insert_rows(connection, media_search, documents)


def matches(query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index is a hit."""
    return sa.literal_column("media_search").op("MATCH", is_comparison=True)(expression(query))


def rank(_query: Query) -> sa.ColumnElement[float]:
    """FTS5's measure of a hit: the lower the better, below 0."""
    weights: list[sa.ColumnElement[float]] = [sa.literal_column(str(weight)) for weight in WEIGHTS]
    return sa.func.bm25(sa.literal_column("media_search"), *weights)


def expression(query: Query) -> str:
    """The query in FTS5's language; every word goes in quotes, so that nothing in it can be taken for syntax."""
    parts = []
    for alternative in query.alternatives:
        wanted = " AND ".join(_term(term) for term in alternative.wanted)
        parts.append(f"({wanted})" + "".join(f" NOT {_term(term)}" for term in alternative.unwanted))
    return " OR ".join(f"({part})" for part in parts)


def _term(term: Term) -> str:
    quoted = '"' + term.text.replace('"', '""') + '"'
    return (f"{term.field} : " if term.field else "") + quoted + ("*" if term.prefix else "")
