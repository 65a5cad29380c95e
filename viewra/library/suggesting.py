"""Says what was probably meant by a query that finds nothing: each word by one that the library has and that is near.

Near is what a few slips of the fingers make of it (a letter too much, too few, another, two swapped); of words equally
near the one that shares most trigrams with what was typed comes first. What is suggested finds something.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import attrs
import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.library import known_words
from viewra.library.folding import fold
from viewra.library.listing import files
from viewra.library.listing.paging import Key
from viewra.library.query import fields
from viewra.library.query.parser import clean, parse
from viewra.library.query.plan import plan
from viewra.library.query.tree import And, Node, Or, Text
from viewra.library.words import runs

MOST_WORDS = 8
"""In queries with more words nothing is corrected."""

CHOICES = 5
"""How many words are considered for one that was mistyped."""

MOST_TRIED = 8
"""How many corrected queries are tried before none is suggested."""

_SLIPS = ((11, 3), (6, 2), (0, 1))
"""From how many characters on a word may have how many slips."""


@attrs.frozen
class _Typed:
    """A word as it stands in the query."""

    word: str
    start: int
    end: int
    is_one_value: bool
    """Whether it stands unquoted behind a field, where a second word would be no part of the value."""


def did_you_mean(connection: sa.Connection, query: str) -> str | None:
    """Return a query that finds something, None if none is near. Raises ``UsageError`` for one that cannot be read."""
    text = clean(query)
    typed = [*_typed(text, parse(text).root)]
    if not typed or len(typed) > MOST_WORDS or _must_look_at_all(connection, text):
        return None
    known = known_words.known(connection, {one.word for one in typed})
    unknown = [one for one in typed if one.word not in known]
    for candidate in itertools.islice(_corrected(connection, text, typed, unknown), MOST_TRIED):
        if _finds_something(connection, candidate):
            return candidate
    return None


def _typed(text: str, node: Node) -> Iterator[_Typed]:
    """Give the words of what is wanted in a text that the search index has."""
    if isinstance(node, And | Or):
        for one in node.nodes:
            yield from _typed(text, one)
    if not isinstance(node, Text) or node.prefix:
        return
    if node.field and node.field not in fields.INDEXED and fields.group_of(node.field) is None:
        return
    start = text.find(node.text, node.at + len(node.field))
    for place, run in runs(node.text):
        word = fold(run)
        if known_words.is_correctable(word):
            yield _Typed(word, start + place, start + place + len(run), bool(node.field and not node.quoted))


def _corrected(
    connection: sa.Connection, text: str, typed: Sequence[_Typed], unknown: Sequence[_Typed]
) -> Iterator[str]:
    """Give corrected queries, the likeliest first: with all unknown words replaced, or one of those that are known."""
    if unknown:
        choices = [_choices(connection, one.word) or [one.word] for one in unknown]
        places = itertools.product(*(range(len(words)) for words in choices))
        for taken in sorted(places, key=lambda each: (sum(each), each)):
            yield _replaced(text, [(one, words[at]) for one, words, at in zip(unknown, choices, taken, strict=True)])
        return
    for one, words in zip(typed, [_choices(connection, one.word) for one in typed], strict=True):
        for word in words:
            yield _replaced(text, [(one, word)])


def _choices(connection: sa.Connection, word: str) -> list[str]:
    """Return what a word may be a misspelling of, the likeliest first."""
    most = next(slips for characters, slips in _SLIPS if len(word) >= characters)
    letters = set(word)
    near = [
        (slips, -_similarity(word, other), other)
        for other in known_words.near(connection, word, most)
        if other != word and len(letters ^ set(other)) <= 2 * most and (slips := _slips(word, other)) <= most
    ]
    pieces = {word[:cut] for cut in range(3, len(word) - 2)} | {word[cut:] for cut in range(3, len(word) - 2)}
    known = known_words.known(connection, pieces)
    halves = [(word[:cut], word[cut:]) for cut in range(3, len(word) - 2)]
    split = [" ".join(pair) for pair in halves if known.issuperset(pair)]
    return [*split, *(other for _, _, other in sorted(near))][:CHOICES]


def _slips(typed: str, meant: str) -> int:
    """Count the letters that were left out, added, exchanged or swapped (optimal string alignment)."""
    before: list[int] = []
    row: list[int] = [*range(len(meant) + 1)]
    for at, letter in enumerate(typed, 1):
        two_before, before = before, row
        row = [at]
        for place, other in enumerate(meant, 1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != other))
            if at > 1 and place > 1 and letter == meant[place - 2] and typed[at - 2] == other:
                cost = min(cost, two_before[place - 2] + 1)
            row.append(cost)
    return row[-1]


def _similarity(one: str, other: str) -> float:
    """Return the part of their trigrams that two words share, from 0 to 1."""
    ours, theirs = _trigrams(one), _trigrams(other)
    return len(ours & theirs) / len(ours | theirs)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _replaced(text: str, corrections: Sequence[tuple[_Typed, str]]) -> str:
    for one, word in sorted(corrections, key=lambda each: each[0].start, reverse=True):
        written = f'"{word}"' if one.is_one_value and " " in word else word
        text = text[: one.start] + written + text[one.end :]
    return text


def _must_look_at_all(connection: sa.Connection, text: str) -> bool:
    """Whether the metadata of every file decides: then trying takes too long."""
    planned = plan(connection, parse(text))
    narrowing = len(planned.where) - (not planned.with_missing)
    return planned.rest is not None and planned.text is None and not narrowing


def _finds_something(connection: sa.Connection, text: str) -> bool:
    planned = plan(connection, parse(text))
    if planned.rest is None:
        return connection.execute(files.selected(planned).limit(1)).first() is not None
    return next(files.matching(connection, planned, [Key(media_files.c.id)]), None) is not None
