"""The full-text index in PostgreSQL: a tsvector of the words that SQLite's has, whatever the server's locale.

It contains each word twice, plain and with the number of its field (``0/bach``), so that one index serves searches in
one field and in all. Positions have a gap between fields, so that a phrase matches within one field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY, TSVECTOR

from viewra.db.bulk import insert_rows
from viewra.library.query.expression import Syntax, write
from viewra.library.query.fields import INDEXED
from viewra.library.query.tree import Node

CLASSES = "ABCCDDDDDD"
"""The weight class of each of ``INDEXED``."""

WEIGHTS = (0.2, 0.6, 0.8, 1.0)
"""The weight of a hit in the classes D to A."""

MAX_WORD = 255
"""Characters of a word that are compared; PostgreSQL limits a word to 2 kB."""

MAX_WORDS, MAX_WORDS_BYTES = 2000, 50_000
"""How much of a field is searched: PostgreSQL limits positions to 16,383, and a tsvector to 1 MB."""

CREATE = (
    """CREATE TABLE media_search (
        rowid BIGINT NOT NULL,
        document TSVECTOR NOT NULL,
        CONSTRAINT pk_media_search PRIMARY KEY (rowid),
        CONSTRAINT fk_media_search_rowid FOREIGN KEY(rowid) REFERENCES media_files (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_media_search_document ON media_search USING gin (document)",
)
"""As the migrations create it."""

media_search = sa.table(
    "media_search",
    sa.column("rowid", sa.BigInteger),
    sa.column("document", TSVECTOR),
)
_document: sa.ColumnElement[Any] = sa.literal_column("media_search.document", TSVECTOR)
_FIELDS = {name: number for number, name in enumerate(INDEXED)}


def insert(connection: sa.Connection, documents: Sequence[Mapping[str, object]]) -> None:
    """Add rows to the index."""
    rows = [{"rowid": document["rowid"], "document": vector(document)} for document in documents]
    insert_rows(connection, media_search, rows)


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows that the index has otherwise."""
    columns = sa.select(media_search.c.rowid, sa.cast(_document, sa.Text).label("document"))
    ids = [document["rowid"] for document in documents]
    rows = connection.execute(columns.where(media_search.c.rowid.in_(ids)))
    known = {row.rowid: row.document for row in rows}
    # The server has a form of its own for vectors, so it is the one to write down what they should be.
    written = sa.text(
        "SELECT CAST(CAST(v AS tsvector) AS text) FROM unnest(CAST(:v AS text[])) WITH ORDINALITY o(v, n) ORDER BY n"
    )
    vectors = connection.execute(written, {"v": [vector(document) for document in documents]}).scalars()
    pairs = zip(documents, vectors, strict=True)
    return [document for document, text in pairs if known.get(document["rowid"], text) != text]


def damage(connection: sa.Connection) -> str:
    """Whether its table and index exist and are valid; the server guards their contents."""
    try:
        with connection.begin_nested():
            connection.execute(sa.select(media_search).limit(1))
    except sa.exc.ProgrammingError as error:
        return str(error.orig).partition("\n")[0]
    valid = sa.text(
        "SELECT indisvalid FROM pg_index WHERE indrelid = 'media_search'::regclass"
        " AND indexrelid = to_regclass('ix_media_search_document')"
    )
    return "" if connection.execute(valid).scalar() else "its index ix_media_search_document is missing"


def blindness(_connection: sa.Connection) -> str:
    """Nothing: the server keeps watch over what is in the index."""
    return ""


def make_again(connection: sa.Connection) -> None:
    """Replace the index with an empty one."""
    for statement in ("DROP TABLE IF EXISTS media_search", *CREATE):
        connection.exec_driver_sql(statement)


def matches(node: Node) -> sa.ColumnElement[bool]:
    """The condition that a row of the index is a hit."""
    return _document.op("@@", is_comparison=True)(_tsquery(node))


def rank(node: Node) -> sa.ColumnElement[float]:
    """PostgreSQL's measure of a hit, its sign changed: the lower the better, at most 0.

    It is divided by 1 + the logarithm of the document's length, since in few words a hit says more, as in SQLite's.
    """
    weights: Any = sa.cast(list(WEIGHTS), ARRAY(REAL))
    return -sa.func.ts_rank(weights, _document, _tsquery(node), 1, type_=sa.Float)


def vector(document: Mapping[str, object]) -> str:
    """The tsvector of a document as text."""
    parts: list[str] = []
    position = 0
    for field, number in _FIELDS.items():
        weight = CLASSES[number]
        for word in _bounded(str(document[field])):
            position += 1
            parts.append(f"'{word}':{position}{weight} '{number}/{word}':{position}{weight}")
        position += 1
    return " ".join(parts)


def expression(node: Node) -> str:
    """Return a condition as a tsquery; a word has no punctuation, so that nothing in it can be taken for syntax."""
    return write(node, _SYNTAX)


def _phrase(field: str, words: tuple[str, ...], prefix: bool) -> str:
    number = f"{_FIELDS[field]}/" if field else ""
    return "(" + " <-> ".join(f"'{number}{word[:MAX_WORD]}'" for word in words) + (":*" if prefix else "") + ")"


_SYNTAX = Syntax(" & ", " | ", " & !", _phrase)


def _tsquery(node: Node) -> sa.ColumnElement[Any]:
    return sa.cast(expression(node), TSQUERY)


def _bounded(text: str) -> Iterator[str]:
    size = 0
    for word in text.split(" ")[:MAX_WORDS] if text else ():
        size += len(word[:MAX_WORD].encode()) + 8
        if size > MAX_WORDS_BYTES:
            return
        yield word[:MAX_WORD]
