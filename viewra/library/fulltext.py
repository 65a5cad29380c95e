"""The search index, in whichever way the database has one: its rows, and the condition and rank of a hit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

import sqlalchemy as sa

from viewra.db.bulk import keys_for
from viewra.db.tables import media_files
from viewra.library import fulltext_sqlite
from viewra.library.query.tree import Node

media_search = sa.table("media_search", sa.column("rowid", sa.BigInteger))
"""What every index has of a file; ``rowid`` is its id."""


def index(connection: sa.Connection, documents: Sequence[Mapping[str, object]]) -> None:
    """Put rows into the index, in place of those of the same files.

    Each has ``rowid`` (the file's id) and, for each field of the index, its words with spaces between.
    """
    forget(connection, [document["rowid"] for document in documents])
    _index_of(connection.dialect.name).insert(connection, documents)


def forget(connection: sa.Connection, file_ids: Iterable[object]) -> None:
    """Delete files from the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(keys_for(connection, file_ids))))


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Delete the files that a statement selects from the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(file_ids)))


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return those of these rows that the index has otherwise; one that it has not at all is none of them."""
    found: list[dict[str, object]] = _index_of(connection.dialect.name).stale(connection, documents)
    return found


def damage(connection: sa.Connection) -> str:
    """Return what is wrong with the index as a whole, ``""`` when nothing is: it is gone, or has lost words."""
    found: str = _index_of(connection.dialect.name).damage(connection)
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
    found: str = _index_of(connection.dialect.name).blindness(connection)
    return found


def make_again(connection: sa.Connection) -> None:
    """Replace the index with an empty one."""
    _index_of(connection.dialect.name).make_again(connection)


def matches(database: str, node: Node) -> sa.ColumnElement[bool]:
    """Return the condition that a row of the index is a hit; ``node`` has text alone, and wants some.

    ``database`` is the name of SQLAlchemy's dialect.
    """
    condition: sa.ColumnElement[bool] = _index_of(database).matches(node)
    return condition


def is_hit(database: str, node: Node, file_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a file is a hit. ``database`` and ``node`` as for ``matches``."""
    condition = matches(database, node)
    if database == "postgresql":  # which can look up one file, and needs not find all hits for a page of others
        # The index is looked up also where the statement around this joins it.
        return sa.exists().where(media_search.c.rowid == file_id, condition).correlate_except(media_search)
    return file_id.in_(sa.select(media_search.c.rowid).where(condition))


def rank(database: str, node: Node) -> sa.ColumnElement[float]:
    """Return the measure of a hit: the lower the better, never above 0. ``database`` as for ``matches``."""
    measure: sa.ColumnElement[float] = _index_of(database).rank(node)
    return measure


def _index_of(database: str) -> ModuleType:
    if database == "postgresql":
        from viewra.library import fulltext_postgresql  # imports a part of SQLAlchemy that takes a while

        return fulltext_postgresql
    return fulltext_sqlite
