"""Reads what a person types into the search box: words, "phrases", pre*, field:word, -word and OR.

Words must all be found; ``OR`` stands between whole alternatives, so ``a b OR c`` finds what has both a and b, and what
has c. Nothing here knows a database.
"""

from __future__ import annotations

import difflib
import re
import unicodedata

import attrs

from viewra.errors import UsageError

TEXT_FIELDS = ("title", "artist", "album", "albumartist", "composer", "genre", "date")
"""The metadata that is searched, beside the path."""

FIELDS = (*TEXT_FIELDS, "path")

MAX_TERMS = 64
"""How many words a query may have: SQLite bounds the depth of an expression."""

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
    """A word or phrase to be found in one field, or in any (``field`` ``""``); ``prefix``: words may go on after it."""

    text: str
    field: str = ""
    prefix: bool = False


@attrs.frozen
class Alternative:
    """What a hit must have, all of it, and what it must not have."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


@attrs.frozen
class Query:
    """A search: a hit fits one of the alternatives. Without any, nothing in the text can be searched for."""

    alternatives: tuple[Alternative, ...]

    def for_plugins(self) -> dict[str, str]:
        """The query as plugins take it: field → text, ``q`` for any field; only what is wanted."""
        fields: dict[str, list[str]] = {}
        for alternative in self.alternatives:
            for term in alternative.wanted:
                fields.setdefault(term.field or "q", []).append(term.text)
        return {field: " ".join(texts) for field, texts in fields.items()}


def parse(text: str) -> Query:
    """Read a query. Raises ``UsageError`` for an unknown field and for one that only says what is not wanted."""
    # A lone surrogate (an argument that was not UTF-8) and NUL are in no text that a database can hold.
    clean = text.replace("\0", " ").encode("utf-8", "replace").decode()
    alternatives: list[Alternative] = []
    wanted: list[Term] = []
    unwanted: list[Term] = []

    def close() -> None:
        if unwanted and not wanted:
            raise UsageError("a search must also say what is wanted", hint='for example: bach -"well tempered"')
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
    # Punctuation alone is in no index: it must not make a search find nothing.
    return Term(text, field, prefix) if any(_is_indexed(character) for character in text) else None


def _is_indexed(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Co"


def _field(name: str) -> str:
    known = name.lower()
    if known in FIELDS:
        return known
    near = difflib.get_close_matches(known.replace("_", ""), FIELDS, n=1)
    meant = f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(FIELDS)}."
    raise UsageError(f"cannot search by {name!r}", hint=f'{meant} To search for the text itself, put it in "quotes"')
