"""The full-text index in SQLite (FTS5): how a parsed query becomes a MATCH expression, and the measure of a hit."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.library.query import TEXT_FIELDS, Query, Term
from viewra.library.tokens import tokens

WEIGHTS = (10.0, 8.0, 6.0, 5.0, 4.0, 2.0, 2.0, 1.0)
"""How much a hit counts in each of ``TEXT_FIELDS`` and in the path."""

CREATE = (
    f"CREATE VIRTUAL TABLE media_search USING fts5({', '.join((*TEXT_FIELDS, 'path'))}, "
    "tokenize = 'unicode61 remove_diacritics 2')"
)
"""As the migrations make it."""

SAMPLE = 5
"""How many files ``blindness`` looks for."""

media_search = sa.table(
    "media_search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in (*TEXT_FIELDS, "path"))
)


def insert(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Add rows to the index."""
    insert_rows(connection, media_search, documents)


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows that the index has otherwise."""
    ids = [document["rowid"] for document in documents]
    rows = connection.execute(sa.select(media_search).where(media_search.c.rowid.in_(ids))).all()
    known = {row.rowid: _texts(row._asdict()) for row in rows}
    return [one for one in documents if known.get(one["rowid"], wanted := _texts(one)) != wanted]


def damage(connection: sa.Connection) -> str:
    """FTS5's own check, which compares all words with the texts that they are of."""
    try:
        connection.exec_driver_sql("INSERT INTO media_search(media_search) VALUES('integrity-check')")
    except sa.exc.DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        # Whatever else it says is of a database that is locked, read-only, full …
        if code not in {sqlite3.SQLITE_CORRUPT_VTAB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}:
            raise
        return str(error.orig)
    return ""


def blindness(connection: sa.Connection) -> str:
    """Whether some of the files that it holds the texts of are found by their own words, ``""`` when they are.

    Where FTS5's pages were overwritten with zeros, it says that nothing has been found.
    """
    ids = sa.select(sa.func.min(media_search.c.rowid), sa.func.max(media_search.c.rowid))
    first, last = connection.execute(ids).one()
    step = max(1, (last - first) // (SAMPLE - 1))
    for start in range(first, last + 1, step):
        some = sa.select(media_search).where(media_search.c.rowid >= start).order_by(media_search.c.rowid).limit(1)
        row = connection.execute(some).one()
        words = [words[0] for text in _texts(row._asdict()) if (words := tokens(text))]
        for word in words:
            found = sa.select(media_search.c.rowid).where(_match(f'"{word}"'), media_search.c.rowid == row.rowid)
            if connection.execute(found).first() is None:
                return f"{word!r} does not find file {row.rowid}"
    return ""


def make_again(connection: sa.Connection) -> None:
    """Put an empty index in the place of whatever is there, though some of its own tables may be gone."""
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
    """The condition that a row of the index is a hit."""
    return _match(expression(query))


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


def _match(text: str) -> sa.ColumnElement[bool]:
    return sa.literal_column("media_search").op("MATCH", is_comparison=True)(text)


def _texts(row: Mapping[str, object]) -> list[str]:
    return [str(row[name]).replace("\0", " ") for name in (*TEXT_FIELDS, "path")]


def _term(term: Term) -> str:
    quoted = '"' + term.text.replace('"', '""') + '"'
    return (f"{term.field} : " if term.field else "") + quoted + ("*" if term.prefix else "")
