"""Guesses artist, album, track and title from the name of a piece of music and of the folders that it is in.

It reads only unambiguous forms: a number before a title, and `` - `` between an artist and a title.
"""

from __future__ import annotations

import re

from .parts import Parts

_NUMBERED = re.compile(
    r"(?:(?P<disc>[0-9]{1,2})[-.])?(?P<track>[0-9]{1,3})"
    r"(?:[.)]?[ _]+(?:[-–][ _]+)?|[.)]|[ _]?[-–][ _]?)(?P<rest>\S.*)"
)
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[ _]+[^-–\s_]")
_ONLY_A_NUMBER = re.compile(r"(?i)(?:(?:audio)?track|titel|piste|pista|traccia|spår)?[ _-]*([0-9]{1,3})")
_IN_BRACKETS = re.compile(r"[ _]*[\[({]([^\[\](){}]*)[\])}]$")
_QUALITY = re.compile(
    r"(?i)(?:flac|mp3|aac|ogg|opus|alac|wav|dsd|lossless|web|cd|vinyl|remaster(?:ed)?|v0|v2|[0-9]{2,4}|kbps|khz|bit|"
    r"[ ._,/-])+"
)
_YEAR_FIRST = re.compile(r"[\[(]?((?:19|20)[0-9]{2}|1[5-8][0-9]{2})[\])]?[ _]*[-–. ][ _]*(\S.*)")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}|1[5-8][0-9]{2}")
_DASH = re.compile(r" +[-–] +")


def guess(parts: Parts, *, folders: bool, in_order: bool) -> dict[str, str]:
    """Return the fields in the names; leaves out uncertain ones.

    ``in_order``: the music in the folder is numbered. Only then is "7 Seconds" the seventh track.
    """
    fields: dict[str, str] = {}
    name = parts.stem.replace("_", " ").strip() if " " not in parts.stem else parts.stem
    if only := _ONLY_A_NUMBER.fullmatch(name):
        _number(fields, "tracknumber", only[1])
        return fields
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        if _AMBIGUOUS.match(name) and not in_order:
            return {}
        _number(fields, "tracknumber", numbered["track"])
        _number(fields, "discnumber", numbered["disc"] or parts.disc)
        name = numbered["rest"].strip()
    if folders and parts.folder and numbered:  # numbers stand in the folder of an album
        fields |= _album(parts)
    pieces = _DASH.split(name)
    artist = fields.get("albumartist", "")
    if len(pieces) == 2 and all(pieces):
        fields["artist"], fields["title"] = pieces
    elif len(pieces) == 1:
        fields["title"] = name
        if artist:
            fields["artist"] = artist
    return {field: value.strip() for field, value in fields.items() if value.strip()}


def _album(parts: Parts) -> dict[str, str]:
    """Read the folder as "Artist - Album", "Album (Year)" or "Year - Album", and the one above as the artist."""
    fields: dict[str, str] = {}
    name = parts.folder.replace("_", " ") if " " not in parts.folder else parts.folder
    while match := _IN_BRACKETS.search(name):
        inner = match[1].strip()
        if _YEAR.fullmatch(inner):
            fields.setdefault("date", inner)
        elif not (inner and _QUALITY.fullmatch(inner)):
            break
        name = name[: match.start()]
    artist = parts.above
    pieces = _DASH.split(name)
    if len(pieces) in {2, 3} and not _YEAR.fullmatch(pieces[0].strip("[]() ")):
        artist, name = pieces[0], " - ".join(pieces[1:])
    if match := _YEAR_FIRST.fullmatch(name):
        fields.setdefault("date", match[1])
        name = match[2]
    fields["album"] = name.strip()
    if artist:
        fields["albumartist"] = artist
    return fields


def _number(fields: dict[str, str], field: str, text: str) -> None:
    digits = (text or "").lstrip("0")
    if digits:
        fields[field] = digits
