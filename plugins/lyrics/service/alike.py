"""Compares titles, artists and words of songs, so that no other song is taken for one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_ASIDE = re.compile(
    r"[(\[]\s*(?:feat|ft|featuring|remaster|remastered|\d{4} remaster|\d{4} remastered|explicit)\b[^)\]]*[)\]]"
    r"|\s[-–]\s(?:\d{4} )?remaster(?:ed)?(?: \d{4})?$"
    r"|\s(?:feat|ft)\.\s[^(\[]*",
    re.IGNORECASE,
)
"""What may follow a title without making it another recording."""
_CREDITS = re.compile(r"\s*(?:[,;/&+]|\b(?:feat|ft|featuring|and|und|et|with|x|vs)\b\.?)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|[ivx]+|[a-h](?:e?s|is)?(?: (?:sharp|flat))? (?:major|minor|dur|moll)", re.ASCII)
"""Numbers and keys: what tells parts of a work apart, and works of one kind."""
_VERSIONS = frozenset({
    "live", "remix", "mix", "acoustic", "instrumental", "karaoke", "demo", "edit", "cover", "reprise", "unplugged",
    "orchestral", "extended", "version", "one", "two", "three", "four", "five", "six", "first", "second", "third",
})  # fmt: skip
"""Words that make another recording of a title, or another part."""
_ALWAYS = frozenset({"live", "remix", "acoustic", "instrumental", "karaoke", "demo", "unplugged"})
_NOBODY = frozenset({"various artists", "various", "verschiedene", "va", "unknown artist", "unknown", "unbekannt"})
_NUMBERED = re.compile(r"(?:audio ?)?(?:track|titel|piste|pista|traccia|spar) ?\d+")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Words in small letters without accents and punctuation; a text of symbols alone as it is."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare)) or " ".join(text.split())


def title_likeness(one: str, other: str) -> float:
    """How alike two titles are, from 0 to 1; 0 for those whose numbers or versions differ."""
    ours, theirs = (folded(_ASIDE.sub("", text) or text) for text in (one, other))
    if _versions(one, ours) != _versions(other, theirs):
        return 0.0
    if _numbers(ours) != _numbers(theirs):
        return 0.0
    return _likeness(ours, theirs)


def is_name(text: str) -> bool:
    """Whether a text is more than what programs write where they know none: "Various Artists", "Track 1"."""
    return folded(text) not in _NOBODY and not _NUMBERED.fullmatch(folded(text))


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


def _versions(whole: str, bare: str) -> set[str]:
    """The versions that a title names, also in what is left out of the ``bare`` one: "(Remastered live in Bonn)"."""
    return set(bare.split()) & _VERSIONS | set(folded(whole).split()) & _ALWAYS


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(rf"\b(?:{_NUMBER.pattern})\b", text, re.ASCII))


def _likeness(one: str, other: str) -> float:
    """The part of their trigrams that two texts share."""
    if one == other:
        return 1.0 if one else 0.0
    first, second = _trigrams(one), _trigrams(other)
    return 2 * len(first & second) / (len(first) + len(second))


def _trigrams(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
