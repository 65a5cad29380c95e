"""The full-text index in PostgreSQL: a tsvector made of the words that SQLite would find, whatever the server's locale.

Each word is in it twice, plain and behind the number of its field (``0/bach``), so that one index serves searches in
one field and in any. Positions have a gap between fields: a phrase lies in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY, TSVECTOR

from viewra.db.bulk import insert_rows
from viewra.library.query import TEXT_FIELDS, Query, Term
from viewra.library.tokens import tokens

SHOWN = ("title", "artist", "album")
CLASSES = "ABCCDDDD"
"""The weight class of each of ``TEXT_FIELDS`` and of the path."""

WEIGHTS = (0.2, 0.6, 0.8, 1.0)
"""How much a hit counts in the classes D to A."""

MAX_WORD = 255
"""Characters of a word that are compared; PostgreSQL bounds a word at 2 kB."""

MAX_WORDS, MAX_WORDS_BYTES = 2000, 50_000
"""How much of a field is searched: PostgreSQL bounds positions at 16,383, and a tsvector at 1 MB."""

CREATE = (
    """CREATE TABLE media_search (
        rowid BIGINT NOT NULL,
        title TEXT NOT NULL,
        artist TEXT NOT NULL,
        album TEXT NOT NULL,
        document TSVECTOR NOT NULL,
        CONSTRAINT pk_media_search PRIMARY KEY (rowid),
        CONSTRAINT fk_media_search_rowid FOREIGN KEY(rowid) REFERENCES media_files (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_media_search_document ON media_search USING gin (document)",
)
"""As the migrations make it."""

media_search = sa.table(
    "media_search",
    sa.column("rowid", sa.BigInteger),
    *(sa.column(name, sa.Text) for name in SHOWN),
    sa.column("document", TSVECTOR),
)
_document: sa.ColumnElement[Any] = sa.literal_column("media_search.document", TSVECTOR)
_FIELDS = {name: number for number, name in enumerate((*TEXT_FIELDS, "path"))}


def insert(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> None:
    """Add rows to the index."""
    rows = [
        {
            "rowid": document["rowid"],
            **dict(zip(SHOWN, _shown(document), strict=True)),
            "document": vector(document),
        }
        for document in documents
    ]
    insert_rows(connection, media_search, rows)


def stale(connection: sa.Connection, documents: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Those of these rows that the index has otherwise."""
    columns = [media_search.c.rowid, *(media_search.c[name] for name in SHOWN), sa.cast(_document, sa.Text)]
    ids = [document["rowid"] for document in documents]
    known = {row[0]: list(row[1:]) for row in connection.execute(sa.select(*columns).where(columns[0].in_(ids)))}
    # The server has a form of its own for vectors, so it is the one to write down what they should be.
    written = sa.text(
        "SELECT CAST(CAST(v AS tsvector) AS text) FROM unnest(CAST(:v AS text[])) WITH ORDINALITY o(v, n) ORDER BY n"
    )
    vectors = connection.execute(written, {"v": [vector(document) for document in documents]}).scalars()
    wanted = [[*_shown(document), text] for document, text in zip(documents, vectors, strict=True)]
    pairs = zip(documents, wanted, strict=True)
    return [document for document, row in pairs if known.get(document["rowid"], row) != row]


def damage(connection: sa.Connection) -> str:
    """Whether its table and its index are there and valid; the server keeps watch over what is in them."""
    try:
        with connection.begin_nested():
            connection.execute(sa.select(media_search).limit(1))
    except sa.exc.ProgrammingError as error:
        return str(error.orig).partition("\n")[0]
    valid = sa.text(
        "SELECT indisvalid FROM pg_index WHERE indrelid = 'media_search'::regclass"
        " AND indexrelid = to_regclass('ix_media_search_document')"
    )
    return "" if connection.execute(valid).scalar() else "its index ix_media_search_document is gone"


def blindness(_connection: sa.Connection) -> str:
    """Nothing: the server keeps watch over what is in the index."""
    return ""


def make_again(connection: sa.Connection) -> None:
    """Put an empty index in the place of whatever is there."""
    for statement in ("DROP TABLE IF EXISTS media_search", *CREATE):
        connection.exec_driver_sql(statement)


def matches(query: Query) -> sa.ColumnElement[bool]:
    """The condition that a row of the index is a hit."""
    return _document.op("@@", is_comparison=True)(_tsquery(query))


def rank(query: Query) -> sa.ColumnElement[float]:
    """PostgreSQL's measure of a hit, its sign changed: the lower the better, at most 0."""
    weights: Any = sa.cast(list(WEIGHTS), ARRAY(REAL))
    return -sa.func.ts_rank(weights, _document, _tsquery(query), type_=sa.Float)


def vector(document: dict[str, object]) -> str:
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


def expression(query: Query) -> str:
    """The query as a tsquery; a word holds letters and digits alone, so that nothing in it can be taken for syntax."""
    parts = []
    for alternative in query.alternatives:
        terms = [_term(term) for term in alternative.wanted] + [f"!{_term(term)}" for term in alternative.unwanted]
        parts.append(" & ".join(terms))
    return " | ".join(f"({part})" for part in parts)


def _shown(document: dict[str, object]) -> list[str]:
    return [str(document[name]).replace("\0", " ") for name in SHOWN]  # no text here can hold NUL


def _tsquery(query: Query) -> sa.ColumnElement[Any]:
    return sa.cast(expression(query), TSQUERY)


def _term(term: Term) -> str:
    field = f"{_FIELDS[term.field]}/" if term.field else ""
    words = [f"'{field}{word[:MAX_WORD]}'" for word in tokens(term.text)]
    return "(" + " <-> ".join(words) + (":*" if term.prefix else "") + ")"


def _bounded(text: str) -> Iterator[str]:
    size = 0
    for word in tokens(text)[:MAX_WORDS]:
        size += len(word[:MAX_WORD].encode()) + 8
        if size > MAX_WORDS_BYTES:
            return
        yield word[:MAX_WORD]
