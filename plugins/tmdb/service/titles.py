"""Compares titles of films and series, and chooses the one record that is surely meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import attrs

LEAST = 0.9
"""How alike titles are at least."""
_APART = 0.05
"""By how much the best record has to be better than the next one."""
_LONGEST = 500
_NUMBER = re.compile(r"\d+|[ivx]+")


@attrs.frozen
class Record:
    """A film or series that a server has found: its titles, and the year of its release (None: unknown)."""

    id: int
    titles: tuple[str, ...]
    year: int | None


def surely(records: Sequence[Record], titles: Iterable[str], year: int | None) -> int | None:
    """The id of the record with one of these titles and about this year; None if there is none, or are several.

    Without a year only one record may have such a title.
    """
    wanted = list(titles)
    scored: dict[int, float] = {}
    for one in records:
        likeness = max((alike(ours, theirs) for ours in wanted for theirs in one.titles), default=0.0)
        apart = abs(one.year - year) if one.year is not None and year is not None else None
        if likeness >= LEAST and (year is None or (apart is not None and apart <= 1)):
            scored[one.id] = max(scored.get(one.id, 0.0), likeness - 0.1 * (apart or 0))
    best = sorted(scored, key=lambda number: -scored[number])[:2]
    if not best or (len(best) == 2 and (year is None or scored[best[0]] - scored[best[1]] < _APART)):
        return None
    return best[0]


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> float:
    """How alike two titles are, from 0 to 1; 0 for those whose numbers differ."""
    ours, theirs = _folded(one), _folded(other)
    if ours == theirs:
        return 1.0 if ours else 0.0
    if sorted(filter(_NUMBER.fullmatch, ours.split())) != sorted(filter(_NUMBER.fullmatch, theirs.split())):
        return 0.0
    first, second = _trigrams(ours), _trigrams(theirs)
    return 2 * len(first & second) / (len(first) + len(second))


def _folded(text: str) -> str:
    """Words in small letters without accents and punctuation; a title of symbols alone as it is."""
    parts = unicodedata.normalize("NFKD", text[:_LONGEST].casefold().replace("'", "").replace("’", ""))
    bare = "".join(one for one in parts if not unicodedata.combining(one)).replace("&", " and ")
    return " ".join(re.findall(r"\w+", bare)) or " ".join(text.split())


def _trigrams(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
