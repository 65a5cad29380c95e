"""The full-text index, as far as it is SQLite's (FTS5): its rows, and how a parsed query becomes a MATCH expression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from viewra.library.query import Query, Term

TEXT_FIELDS = ("title", "artist", "album", "albumartist", "composer", "genre", "date")
WEIGHTS = (10.0, 8.0, 6.0, 5.0, 4.0, 2.0, 2.0, 1.0)
"""How much a hit counts in each of ``TEXT_FIELDS`` and in the path."""

media_search = sa.table(
    "media_search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in (*TEXT_FIELDS, "path"))
)
rank = sa.func.bm25(sa.literal_column("media_search"), *(sa.literal_column(str(weight)) for weight in WEIGHTS))
"""FTS5's measure of a hit: the lower the better, below 0."""


def index(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Put rows into the index, in place of those of the same files.

    Each has ``rowid`` (the file's id), ``path`` (below its library, or words of the library's own path would find every
    file) and ``TEXT_FIELDS``.
    """
    forget(connection, [document["rowid"] for document in documents])
    connection.execute(sa.insert(media_search), documents)


def forget(connection: sa.Connection, file_ids: Iterable[object]) -> None:
    """Take files out of the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(list(file_ids))))


def forget_selected(connection: sa.Connection, file_ids: sa.Select[int]) -> None:
    """Take the files that a statement selects out of the index."""
    connection.execute(sa.delete(media_search).where(media_search.c.rowid.in_(file_ids)))


def matches(query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index is a hit."""
    return sa.literal_column("media_search").op("MATCH", is_comparison=True)(expression(query))


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
