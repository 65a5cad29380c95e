"""The full-text index in SQLite (FTS5): how a condition becomes a MATCH expression, and the measure of a hit."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.library.query.expression import Syntax, write
from viewra.library.query.fields import INDEXED
from viewra.library.query.tree import Node

WEIGHTS = (10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0)
"""How much a hit counts in each of ``INDEXED``."""

CREATE = f"CREATE VIRTUAL TABLE media_search USING fts5({', '.join(INDEXED)}, tokenize = 'ascii')"
"""As the migrations make it. The texts are words already, with spaces between (``viewra.library.words``)."""

SAMPLE = 5
"""How many files ``blindness`` looks for."""

_OWN_TABLES = tuple(f"media_search_{name}" for name in ("data", "idx", "content", "docsize", "config"))
"""The tables in which FTS5 keeps the index."""

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT_VTAB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR})
"""SQLite's errors about a damaged or missing index."""

_RANK: sa.ColumnElement[float] = sa.func.bm25(
    sa.literal_column("media_search"), *(sa.literal_column(str(weight), sa.Float) for weight in WEIGHTS)
)

media_search = sa.table("media_search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in INDEXED))

_IDS = sa.select(media_search.c.rowid).limit(1)
_ENDS = (_IDS.order_by(media_search.c.rowid), _IDS.order_by(media_search.c.rowid.desc()))
"""The first and the last id: for ``min`` and ``max`` FTS5 goes through all."""


def insert(connection: sa.Connection, documents: Sequence[Mapping[str, object]]) -> None:
    """Add rows to the index."""
    insert_rows(connection, media_search, documents)


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows whose index row differs."""
    ids = [document["rowid"] for document in documents]
    rows = connection.execute(sa.select(media_search).where(media_search.c.rowid.in_(ids))).all()
    known = {row.rowid: _texts(row._asdict()) for row in rows}
    return [one for one in documents if known.get(one["rowid"], wanted := _texts(one)) != wanted]


def damage(connection: sa.Connection) -> str:
    """FTS5's own check, which compares all words with their texts.

    FTS5 can only check an index that it can write, so it checks a private copy, as databases may be read-only. SQLite
    moves the copy to a temporary file if it is large.
    """
    try:
        connection.execute(sa.select(media_search).limit(1))
        with closing(sqlite3.connect("", isolation_level=None)) as copy:
            copy.execute(CREATE)
            copy.execute("BEGIN")
            for name in _OWN_TABLES:
                _copy_table(connection, copy, name)
            copy.execute("COMMIT")
            copy.execute("INSERT INTO media_search(media_search) VALUES('integrity-check')")
    except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, sa.exc.DatabaseError) else error
        if getattr(cause, "sqlite_errorcode", None) not in _DAMAGE:  # the database is locked, the disk is full …
            raise
        return str(cause)
    return ""


def _copy_table(connection: sa.Connection, copy: sqlite3.Connection, name: str) -> None:
    rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
    copy.execute(f"DELETE FROM {name}")  # noqa: S608  (one of ours)
    copy.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows.keys()))})", rows)  # noqa: S608


def blindness(connection: sa.Connection) -> str:
    """Return which of a few known files is not found by its own words, ``""`` when all are.

    Where FTS5's pages were overwritten with zeros, it reports no hits and no error.
    """
    first, last = (connection.execute(end).scalar_one() for end in _ENDS)
    step = max(1, (last - first) // (SAMPLE - 1))
    for start in range(first, last + 1, step):
        some = sa.select(media_search).where(media_search.c.rowid >= start).order_by(media_search.c.rowid).limit(1)
        row = connection.execute(some).one()
        words = [words[0] for text in _texts(row._asdict()) if (words := text.split())]
        for word in words:
            phrase = _match(_phrase("", (word,), prefix=False))
            found = sa.select(media_search.c.rowid).where(phrase, media_search.c.rowid == row.rowid)
            if connection.execute(found).first() is None:
                return f"{word!r} does not find file {row.rowid}"
    return ""


def make_again(connection: sa.Connection) -> None:
    """Replace the index with an empty one, even if some of its own tables are missing."""
    try:
        connection.exec_driver_sql("DROP TABLE IF EXISTS media_search")
    except sa.exc.DatabaseError:  # FTS5 cannot open it, so it cannot drop it either
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = 'media_search'")
        connection.exec_driver_sql("PRAGMA writable_schema = RESET")
        for name in _OWN_TABLES:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    connection.exec_driver_sql(CREATE)


def matches(node: Node) -> sa.ColumnElement[bool]:
    """Return the condition that a row of the index is a hit."""
    return _match(expression(node))


def rank(_node: Node) -> sa.ColumnElement[float]:
    """Return FTS5's measure of a hit: the lower the better, below 0."""
    return _RANK


def expression(node: Node) -> str:
    """Return a condition in FTS5's language; words go in quotes, so that nothing in them can be taken for syntax."""
    return write(node, _SYNTAX)


def _phrase(field: str, words: tuple[str, ...], prefix: bool) -> str:
    return (f"{field} : " if field else "") + '"' + " ".join(words) + '"' + ("*" if prefix else "")


_SYNTAX = Syntax(" AND ", " OR ", " NOT ", _phrase)


def _match(text: str) -> sa.ColumnElement[bool]:
    return sa.literal_column("media_search").op("MATCH", is_comparison=True)(text)


def _texts(row: Mapping[str, object]) -> list[str]:
    return [str(row[name]) for name in INDEXED]
