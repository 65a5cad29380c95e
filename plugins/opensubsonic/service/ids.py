"""The ids that players see: a kind and the host's number, such as ``al-7``."""

from __future__ import annotations

from .failures import not_found

SONG, ALBUM, ARTIST = "song", "album", "artist"
PLAYLIST, FILE_PLAYLIST = "playlist", "file playlist"
_PREFIXES = {SONG: "tr", ALBUM: "al", ARTIST: "ar", PLAYLIST: "pl", FILE_PLAYLIST: "pf"}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}


def id_of(kind: str, number: int) -> str:
    """The id of something."""
    return f"{_PREFIXES[kind]}-{number}"


def read(text: str, *kinds: str) -> tuple[str, int]:
    """Kind and number of an id that is of one of these kinds. Raises Failure."""
    prefix, _, digits = text.partition("-")
    kind = _KINDS.get(prefix, "")
    if kind not in kinds or not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 10):
        raise not_found(" or ".join(kinds))
    return kind, int(digits)


def number(text: str, kind: str) -> int:
    """The number of an id of this kind. Raises Failure."""
    return read(text, kind)[1]
