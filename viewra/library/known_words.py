"""Keeps the words of the search index once each, so that what was mistyped can be compared with what there is.

A word stays when the last file with it is removed, so a suggestion is made only after a search for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import orjson
import sqlalchemy as sa

from viewra.db.catalogue_tables import search_words
from viewra.library.query.fields import INDEXED
from viewra.library.words import is_spelt

SHORTEST, LONGEST = 3, 32
"""How many characters a word has whose spelling can be corrected."""

END = 2
"""How many characters at the beginning, or at the end, were typed as they were meant."""


def note(connection: sa.Connection, documents: Iterable[Mapping[str, object]]) -> None:
    """Add the words of documents for the search index."""
    found: set[str] = set()
    for document in documents:
        for field in INDEXED:
            found.update(str(document[field]).split(" "))
    words = sorted(word for word in found if is_correctable(word))
    if words:
        connection.execute(*_insertion(connection, words))


def known(connection: sa.Connection, words: Collection[str]) -> set[str]:
    """Return those of a few words that the library has."""
    return {*connection.execute(sa.select(search_words.c.word).where(search_words.c.word.in_(words))).scalars()}


def near(connection: sa.Connection, word: str, slips: int) -> set[str]:
    """Return the words that begin or end as ``word`` does and are at most so many characters longer or shorter."""
    table = search_words.c
    as_long = table.length.between(len(word) - slips, len(word) + slips)
    ends = table.head == word[:END], table.tail == word[-END:]
    return {found for end in ends for found in connection.execute(sa.select(table.word).where(end, as_long)).scalars()}


def is_correctable(word: str) -> bool:
    """Whether it is a word that people may misspell: no number, no symbols, no part of a script without spaces."""
    return SHORTEST <= len(word) <= LONGEST and is_spelt(word)


def _insertion(connection: sa.Connection, words: Sequence[str]) -> tuple[sa.TextClause, dict[str, object]]:
    """Return the statement that adds those of these words that are not there yet, and its parameters."""
    if connection.dialect.name == "postgresql":
        each = (
            "SELECT w, length(w), left(w, 2), right(w, 2) FROM unnest(CAST(:words AS text[])) w ON CONFLICT DO NOTHING"
        )
        return sa.text(f"INSERT INTO search_words (word, length, head, tail) {each}"), {"words": words}
    each = "SELECT value, length(value), substr(value, 1, 2), substr(value, -2) FROM json_each(:words)"
    statement = f"INSERT OR IGNORE INTO search_words (word, length, head, tail) {each}"
    return sa.text(statement), {"words": orjson.dumps(words).decode()}
