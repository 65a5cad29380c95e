"""How sure it is that a file is a recording: from 0 to 1, by title, artist, duration and album.

A score of 1 needs all four. What is not known counts half, and a contradiction (another title, artist, number, length)
ends it: a wrong match is worse than none.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from .answers import Recording
from .evidence import Evidence
from .texts import folded, words

TITLE, ARTIST, DURATION, ALBUM = 0.45, 0.3, 0.15, 0.1
"""The weights of what is compared."""
SAME_S, OTHER_S = 2.0, 8.0
"""Seconds: lengths that differ by at most this are the same; by this or more, those of different recordings."""
LEAST = 0.7
"""How alike titles and artists have to be at least, from 0 to 1: many that differ in few letters are others."""
IDENTIFIED = 0.55
"""What an ISRC or an AcoustID of the file is worth by itself; the rest is by what is known of both."""
ALONE = 0.9
"""What it is worth where nothing can be compared."""
_UNKNOWN = 0.5
_VERSION, _NUMBER = 0.6, 0.5
"""What is left of a title that names another version, or has other numbers."""
_LONGEST = 200
_VERSIONS = frozenset({
    "live", "vivo", "directo", "concert", "unplugged", "session", "sessions", "rehearsal", "soundcheck",
    "remix", "mix", "dub", "edit", "extended", "mashup", "mono",
    "demo", "outtake", "take", "alternate", "early", "rough", "reprise", "snippet", "commentary",
    "acoustic", "instrumental", "karaoke", "cappella", "acapella", "orchestral", "cover", "tribute", "playback",
})  # fmt: skip
_ORDER = {
    word: str(number)
    for number, words_of in enumerate(
        ("one first", "two second", "three third", "four fourth", "five fifth", "six sixth", "seven seventh",
         "eight eighth", "nine ninth", "ten tenth"), 1)
    for word in words_of.split()
}  # fmt: skip
_NUMERAL = re.compile(r"\d+|[ivx]+", re.ASCII)
_KEY = re.compile(r"\b[a-h](?:e?s|is)?(?: (?:sharp|flat))? (?:major|minor|dur|moll)\b")
_REMASTERED = re.compile(
    r"\s*[-(\[]\s*(\d{4}\s+)?(digital(ly)?\s+)?remaster(ed)?(\s+\d{4})?(\s+version)?\s*[)\]]?$", re.IGNORECASE
)
_GUESTS = re.compile(
    r"\s*[(\[]\s*(?:feat|ft|featuring)\b[^)\]]*[)\]]?|\s+(?:feat|ft|featuring)\b\.?(?=\s)[^(\[]*", re.IGNORECASE
)


def by_texts(file: Evidence, one: Recording) -> float:
    """The score by what the file's tags say; 0 for a recording that contradicts them."""
    parts = _compared(file, one)
    if parts is None:
        return 0.0
    return sum(weight * (_UNKNOWN if part is None else part) for weight, part in parts)


def by_identifier(file: Evidence, one: Recording) -> float:
    """The score of a recording with the ISRC or the AcoustID that the file has; 0 for one that contradicts its tags."""
    parts = _compared(file, one)
    if parts is None:
        return 0.0
    known = [(weight, part) for weight, part in parts if part is not None]
    if not known:
        return ALONE
    return IDENTIFIED + (1 - IDENTIFIED) * sum(weight * part for weight, part in known) / sum(
        weight for weight, _ in known
    )


def plain(text: str) -> str:
    """A title or an artist without ``feat. …`` and ``(remastered 2009)``, which is no other recording."""
    return _REMASTERED.sub("", _GUESTS.sub("", text)).strip() or text


def same(one: str, other: str) -> bool:
    """Whether two texts are the same but for case, accents and punctuation."""
    return bool(one) and folded(one) == folded(other)


def _compared(file: Evidence, one: Recording) -> list[tuple[float, float | None]] | None:
    """What each comparison gives, None where something is not known; None as a whole for a contradiction."""
    title = _title(file, one) if file.title and one.title else None
    artist = _artist(file, one) if file.artists and one.credit else None
    duration = _duration(file, one)
    if 0.0 in (title, artist, duration):
        return None
    album = max((_alike(file.album, release.title) for release in one.releases), default=None) if file.album else None
    return [(TITLE, title), (ARTIST, artist), (DURATION, duration), (ALBUM, album)]


def _title(file: Evidence, one: Recording) -> float:
    ours, theirs = plain(file.title), plain(one.title)
    part = _part(_alike(ours, theirs))
    if _numbers(ours) != _numbers(theirs):
        part *= _NUMBER
    releases = {word for release in one.releases if same(release.title, file.album) for word in words(release.title)}
    named, meant = _VERSIONS & {*words(file.title)}, _VERSIONS & {*words(one.title), *words(one.disambiguation)}
    if named - meant - releases or meant - named - {*words(file.album)}:
        part *= _VERSION
    return part


def _artist(file: Evidence, one: Recording) -> float:
    ours = {file.artist, *file.artists, *map(plain, file.artists)}
    ours |= {re.sub(r"^the\s+", "", name, flags=re.IGNORECASE) for name in ours}
    theirs = {one.credit, plain(one.credit)}
    aliases = set(map(folded, theirs))
    for artist in one.artists:
        theirs |= {artist.name, artist.credited}
        aliases |= {folded(artist.sort_name), *map(folded, artist.aliases)}
    if aliases & set(map(folded, ours)):
        return 1.0
    return _part(max(_alike(name, other) for name in [*ours][:10] for other in [*theirs][:20]))


def _duration(file: Evidence, one: Recording) -> float | None:
    if file.duration_s is None or one.length_s is None:
        return None
    apart = abs(file.duration_s - one.length_s)
    return 1.0 if apart <= SAME_S else max(0.0, (OTHER_S - apart) / (OTHER_S - SAME_S))


def _part(alike: float) -> float:
    """What a likeness is worth: 0 at the least."""
    return max(0.0, (alike - LEAST) / (1 - LEAST))


def _alike(one: str, other: str) -> float:
    ours, theirs = folded(one)[:_LONGEST], folded(other)[:_LONGEST]
    if not ours or not theirs:
        return 0.0
    return 1.0 if ours == theirs else SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def _numbers(text: str) -> list[str]:
    """What tells parts of a work apart, and works of one kind: numbers and keys."""
    found = [_ORDER.get(word, word) for word in words(text)]
    return [word for word in found if _NUMERAL.fullmatch(word)] + _KEY.findall(folded(text))
