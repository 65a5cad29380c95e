"""Parses a search query: words, "phrases", pre*, field:word, -word and OR.

All words must match; ``OR`` separates whole alternatives, so ``a b OR c`` finds files with both a and b, and files with
c. Independent of the database.
"""

from __future__ import annotations

import difflib
import re
import unicodedata

import attrs

from viewra.errors import UsageError

TEXT_FIELDS = ("title", "artist", "album", "albumartist", "composer", "genre", "date")
"""The metadata fields that are searched, besides the path."""

FIELDS = (*TEXT_FIELDS, "path")

MAX_TERMS = 64
"""The maximum number of words: SQLite limits the depth of an expression."""

_TOKEN = re.compile(
    r"""
    (?P<minus>-?)
    (?:(?P<field>[^\W\d]\w*):\s*)?
    (?:"(?P<phrase>[^"]*)"? | (?P<word>[^\s"()]+))
    """,
    re.VERBOSE,
)


@attrs.frozen
class Term:
    """A word or phrase to find in one field, or in any (``field`` ``""``); ``prefix``: words may continue after it."""

    text: str
    field: str = ""
    prefix: bool = False


@attrs.frozen
class Alternative:
    """The terms that a hit must have, all of them, and those that it must not have."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


@attrs.frozen
class Query:
    """A search: a hit matches one of the alternatives. Without any, the text contains nothing to search for."""

    alternatives: tuple[Alternative, ...]

    def for_plugins(self) -> dict[str, str]:
        """The query for plugins: field → text, ``q`` for any field; only wanted terms."""
        fields: dict[str, list[str]] = {}
        for alternative in self.alternatives:
            for term in alternative.wanted:
                fields.setdefault(term.field or "q", []).append(term.text)
        return {field: " ".join(texts) for field, texts in fields.items()}


def parse(text: str) -> Query:
    """Parse a query. Raises ``UsageError`` for an unknown field and for a query with unwanted words only."""
    # No text in a database contains a lone surrogate (an argument that was not UTF-8) or NUL.
    clean = text.replace("\0", " ").encode("utf-8", "replace").decode()
    alternatives: list[Alternative] = []
    wanted: list[Term] = []
    unwanted: list[Term] = []

    def close() -> None:
        if unwanted and not wanted:
            raise UsageError("a search needs at least one word to find", hint='for example: bach -"well tempered"')
        if wanted:
            alternatives.append(Alternative(tuple(wanted), tuple(unwanted)))
        wanted.clear()
        unwanted.clear()

    for count, match in enumerate(_TOKEN.finditer(clean)):
        if count >= MAX_TERMS:
            raise UsageError(f"a search may have at most {MAX_TERMS} words", hint="leave some out")
        if match.group() == "OR":
            close()
            continue
        term = _term(match)
        if term is not None:
            (unwanted if match["minus"] else wanted).append(term)
    close()
    return Query(tuple(alternatives))


def _term(match: re.Match[str]) -> Term | None:
    field = _field(match["field"]) if match["field"] else ""
    text = match["phrase"]
    prefix = False
    if text is None:
        text = match["word"]
        prefix = text.endswith("*")
    # Punctuation is not in the index: it must not make a search find nothing.
    return Term(text, field, prefix) if any(_is_indexed(character) for character in text) else None


def _is_indexed(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Co"


def _field(name: str) -> str:
    known = name.lower()
    if known in FIELDS:
        return known
    near = difflib.get_close_matches(known.replace("_", ""), FIELDS, n=1)
    meant = f"did you mean {near[0]}:?" if near else f"fields are {', '.join(FIELDS)}"
    raise UsageError(f"cannot search by {name!r}", hint=f'{meant} To search for the text itself, put it in "quotes"')
