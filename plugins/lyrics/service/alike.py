"""Compares titles, artists and words of songs, so that no other song is taken for one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_ASIDE = re.compile(
    r"[(\[]\s*(?:feat|ft|featuring|remaster|remastered|\d{4} remaster|\d{4} remastered|explicit)\b[^)\]]*[)\]]"
    r"|\s[-–]\s(?:\d{4} )?remaster(?:ed)?(?: \d{4})?$"
    r"|\s(?:feat|ft)\.\s.*$",
    re.IGNORECASE,
)
"""What may follow a title without making it another recording."""
_CREDITS = re.compile(r"\s*(?:[,;/&+]|\b(?:feat|ft|featuring|and|und|et|with|x|vs)\b\.?)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|[ivx]+")
_VERSIONS = frozenset({
    "live", "remix", "mix", "acoustic", "instrumental", "karaoke", "demo", "edit", "cover", "reprise", "unplugged",
    "orchestral", "extended", "version",
})  # fmt: skip
"""Words that make another recording of a title."""


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Words in small letters without accents and punctuation; a text of symbols alone as it is."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare)) or " ".join(text.split())


def title_likeness(one: str, other: str) -> float:
    """How alike two titles are, from 0 to 1; 0 for those whose numbers or versions differ."""
    ours, theirs = (folded(_ASIDE.sub("", text) or text) for text in (one, other))
    words = [set(text.split()) for text in (ours, theirs)]
    if words[0] & _VERSIONS != words[1] & _VERSIONS:
        return 0.0
    if sorted(filter(_NUMBER.fullmatch, ours.split())) != sorted(filter(_NUMBER.fullmatch, theirs.split())):
        return 0.0
    return _likeness(ours, theirs)


def same_artist(ours: Iterable[str], theirs: str) -> bool:
    """Whether one of our artists is one of those whom a credit names."""
    credited = {folded(theirs), *map(folded, filter(None, _CREDITS.split(theirs)))}
    return any(
        part and max(_likeness(part, name) for name in credited) >= 0.85
        for artist in ours
        for part in (folded(artist), folded(_CREDITS.split(artist)[0]))
    )


def agree(one: str, other: str) -> bool:
    """Whether two texts have most of their words in common, as two transcripts of a song do."""
    ours, theirs = (set(folded(text).split()) for text in (one, other))
    return bool(ours | theirs) and len(ours & theirs) >= 0.6 * len(ours | theirs)


def _likeness(one: str, other: str) -> float:
    """The part of their trigrams that two texts share."""
    if one == other:
        return 1.0 if one else 0.0
    first, second = _trigrams(one), _trigrams(other)
    return 2 * len(first & second) / (len(first) + len(second))


def _trigrams(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
