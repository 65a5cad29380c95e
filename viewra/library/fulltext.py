"""The full-text index behind one interface for both databases: its rows, and the condition and rank of a hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType

import sqlalchemy as sa

from viewra.library import fulltext_sqlite
from viewra.library.query import Query

media_search = sa.table(
    "media_search",
    sa.column("rowid", sa.BigInteger),
    *(sa.column(name, sa.Text) for name in ("title", "artist", "album")),
)
"""The columns that every index has for a file; ``rowid`` is the file's id."""


def index(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Insert rows into the index, replacing those of the same files.

    Each has ``rowid`` (the file's id), ``path`` (relative to its library, since words of the library's path would match
    every file) and ``TEXT_FIELDS``.
    """
    forget(connection, [document["rowid"] for document in documents])
    _dialect(connection).insert(connection, documents)


def forget(connection: sa.Connection, file_ids: Iterable[object]) -> None:
    """Delete files from the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(list(file_ids))))


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Delete the files that a statement selects from the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(file_ids)))


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows whose index row differs; rows that are not in the index are left out."""
    found: list[dict[str, object]] = _dialect(connection).stale(connection, documents)
    return found


def damage(connection: sa.Connection) -> str:
    """The fault of the index as a whole, ``""`` if none: it is missing, or inconsistent.

    Takes a writable connection, which SQLite requires.
    """
    found: str = _dialect(connection).damage(connection)
    return found


def make_again(connection: sa.Connection) -> None:
    """Replace the index with an empty one."""
    _dialect(connection).make_again(connection)


def matches(connection: sa.Connection, query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index matches."""
    condition: sa.ColumnElement[bool] = _dialect(connection).matches(query)
    return condition


def rank(connection: sa.Connection, query: Query) -> sa.ColumnElement[float]:
    """The rank of a hit: lower is better, never above 0."""
    measure: sa.ColumnElement[float] = _dialect(connection).rank(query)
    return measure


def _dialect(connection: sa.Connection) -> ModuleType:
    if connection.dialect.name == "postgresql":
        from viewra.library import fulltext_postgresql  # imports a part of SQLAlchemy that takes a while

        return fulltext_postgresql
    return fulltext_sqlite
