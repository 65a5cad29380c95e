"""The full-text index, in whichever way the database has one: its rows, and the condition and rank of a hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType

import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.library import fulltext_sqlite
from viewra.library.query import Query

media_search = sa.table(
    "media_search",
    sa.column("rowid", sa.BigInteger),
    *(sa.column(name, sa.Text) for name in ("title", "artist", "album")),
)
"""What every index has of a file; ``rowid`` is its id."""


def index(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Put rows into the index, in place of those of the same files.

    Each has ``rowid`` (the file's id), ``path`` (below its library, or words of the library's own path would find every
    file) and ``TEXT_FIELDS``.
    """
    forget(connection, [document["rowid"] for document in documents])
    _dialect(connection).insert(connection, documents)


def forget(connection: sa.Connection, file_ids: Iterable[object]) -> None:
    """Take files out of the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(list(file_ids))))


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Take the files that a statement selects out of the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(file_ids)))


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows that the index has otherwise; one that it has not at all is none of them."""
    found: list[dict[str, object]] = _dialect(connection).stale(connection, documents)
    return found


def damage(connection: sa.Connection) -> str:
    """What is wrong with the index as a whole, ``""`` when nothing is: it is gone, or does not hold what it should.

    Takes a connection that may write, as SQLite wants it for that.
    """
    found: str = _dialect(connection).damage(connection)
    return found


def blindness(connection: sa.Connection) -> str:
    """What a few known files show of an index that finds nothing although it should, ``""`` when they are found.

    For a search without a hit: ``damage`` looks at all of the index, this at so little that each such search can do it.
    """
    indexed = connection.execute(sa.select(media_search.c.rowid).limit(1)).first()
    if indexed is None:
        table = media_files.c
        settled = sa.select(table.id).where(table.missing_since.is_(None), ~table.event_due).limit(1)
        return "no file is in it" if connection.execute(settled).first() is not None else ""
    found: str = _dialect(connection).blindness(connection)
    return found


def make_again(connection: sa.Connection) -> None:
    """Put an empty index in the place of whatever is there."""
    _dialect(connection).make_again(connection)


def matches(connection: sa.Connection, query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index is a hit."""
    condition: sa.ColumnElement[bool] = _dialect(connection).matches(query)
    return condition


def rank(connection: sa.Connection, query: Query) -> sa.ColumnElement[float]:
    """The measure of a hit: the lower the better, never above 0."""
    measure: sa.ColumnElement[float] = _dialect(connection).rank(query)
    return measure


def _dialect(connection: sa.Connection) -> ModuleType:
    if connection.dialect.name == "postgresql":
        from viewra.library import fulltext_postgresql  # its part of SQLAlchemy takes a while to import

        return fulltext_postgresql
    return fulltext_sqlite
