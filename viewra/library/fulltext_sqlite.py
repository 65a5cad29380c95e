"""The full-text index in SQLite (FTS5): turns a parsed query into a MATCH expression, and ranks hits."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.library.query import TEXT_FIELDS, Query, Term

WEIGHTS = (10.0, 8.0, 6.0, 5.0, 4.0, 2.0, 2.0, 1.0)
"""The weight of a hit in each of ``TEXT_FIELDS`` and in the path."""

CREATE = (
    f"CREATE VIRTUAL TABLE media_search USING fts5({', '.join((*TEXT_FIELDS, 'path'))}, "
    "tokenize = 'unicode61 remove_diacritics 2')"
)
"""As the migrations create it."""

media_search = sa.table(
    "media_search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in (*TEXT_FIELDS, "path"))
)


def insert(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Insert rows into the index."""
    insert_rows(connection, media_search, documents)


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows whose index row differs."""
    ids = [document["rowid"] for document in documents]
    rows = connection.execute(sa.select(media_search).where(media_search.c.rowid.in_(ids))).all()
    known = {row.rowid: _texts(row._asdict()) for row in rows}
    return [one for one in documents if known.get(one["rowid"], wanted := _texts(one)) != wanted]


def damage(connection: sa.Connection) -> str:
    """FTS5's own check, which compares all words with their texts."""
    try:
        connection.exec_driver_sql("INSERT INTO media_search(media_search) VALUES('integrity-check')")
    except sa.exc.DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        # Other errors mean that the database is locked, read-only, full …
        if code not in {sqlite3.SQLITE_CORRUPT_VTAB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}:
            raise
        return str(error.orig)
    return ""


def make_again(connection: sa.Connection) -> None:
    """Replace the index with an empty one, even if some of its own tables are missing."""
    try:
        connection.exec_driver_sql("DROP TABLE IF EXISTS media_search")
    except sa.exc.DatabaseError:  # FTS5 cannot open it, so it cannot drop it either
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = 'media_search'")
        connection.exec_driver_sql("PRAGMA writable_schema = RESET")
        for name in ("data", "idx", "content", "docsize", "config"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS media_search_{name}")
    connection.exec_driver_sql(CREATE)


def matches(query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index matches."""
    return sa.literal_column("media_search").op("MATCH", is_comparison=True)(expression(query))


def rank(_query: Query) -> sa.ColumnElement[float]:
    """FTS5's rank of a hit: lower is better, below 0."""
    weights: list[sa.ColumnElement[float]] = [sa.literal_column(str(weight)) for weight in WEIGHTS]
    return sa.func.bm25(sa.literal_column("media_search"), *weights)


def expression(query: Query) -> str:
    """The query in FTS5's syntax; every word is quoted, so none can be read as syntax."""
    parts = []
    for alternative in query.alternatives:
        wanted = " AND ".join(_term(term) for term in alternative.wanted)
        parts.append(f"({wanted})" + "".join(f" NOT {_term(term)}" for term in alternative.unwanted))
    return " OR ".join(f"({part})" for part in parts)


def _texts(row: Mapping[str, object]) -> list[str]:
    return [str(row[name]).replace("\0", " ") for name in (*TEXT_FIELDS, "path")]


def _term(term: Term) -> str:
    quoted = '"' + term.text.replace('"', '""') + '"'
    return (f"{term.field} : " if term.field else "") + quoted + ("*" if term.prefix else "")
