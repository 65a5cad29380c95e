"""Reads the tags that mutagen parsed, format by format, as pairs of field and raw value.

It only finds and names values; cleaning, joining and splitting them is ``values.py``'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mutagen.apev2 import BINARY, TEXT

from . import vocabulary

Pairs = Iterator[tuple[str, str]]

MUSICBRAINZ = "http://musicbrainz.org"
"""The owner of ID3's unique file identifier that is a recording's id."""

ITUNES = "----:com.apple.itunes:"
"""What MP4's free-text items begin with, in lower case."""

VORBIS_PICTURES = frozenset({"metadata_block_picture", "coverart"})
"""Vorbis comments that hold a picture, in lower case."""


def from_id3(tags: Any) -> Pairs:
    """Yield what the frames say (ID3v1, v2.2 and v2.3 arrive as v2.4)."""
    for frame in tags.values():
        name = frame.FrameID
        if name == "TXXX":
            yield from _each(vocabulary.free_text(frame.desc), frame.text)
        elif name == "TCON":
            yield from _each("genre", frame.genres)  # with ID3v1's numbers spelled out
        elif name in vocabulary.ID3:
            yield from _each(vocabulary.ID3[name], frame.text if hasattr(frame, "text") else [frame.url])
        elif name == "COMM" and frame.desc in {"", "ID3v1 Comment"}:
            yield from _each("comment", frame.text)
        elif name == "USLT":
            yield "lyrics", frame.text
        elif name == "UFID" and frame.owner == MUSICBRAINZ:
            yield "musicbrainz_recordingid", frame.data.decode("ascii", "replace")
        elif name == "TMCL":
            yield from (("performer", f"{who} ({what})" if what else who) for what, who in frame.people)
        elif name == "TIPL":
            for role, who in frame.people:
                yield from _each(vocabulary.ID3_ROLES.get(role.lower()), [who])


def from_vorbis(tags: Any) -> Pairs:
    """Yield what the comments of a FLAC or Ogg file say."""
    for name, value in list.__iter__(tags):  # it is a list of pairs that iterates as a mapping would
        name = name.lower()
        yield from _each(_known(vocabulary.VORBIS.get(name, name)), [value])


def from_ape(tags: Any) -> Pairs:
    """Yield what the text items say."""
    for name, value in tags.items():
        if value.kind == TEXT:
            name = name.lower()
            yield from _each(_known(vocabulary.APE.get(name, name)), value)


def from_mp4(tags: Any) -> Pairs:
    """Yield what the items of an MP4 file say; a 0 among its numbers means unknown."""
    for name, value in tags.items():
        field = vocabulary.MP4.get(name)
        if name.lower().startswith(ITUNES):
            texts = (bytes(item).decode("utf-8", "replace") for item in value)
            yield from _each(vocabulary.free_text(name[len(ITUNES) :]), texts)
        elif not field:
            continue
        elif name in {"trkn", "disk"}:
            for number, total in value:
                yield from _each(field, [number] if number else ())
                yield from _each(vocabulary.TOTALS[field], [total] if total else ())
        else:
            yield from _each(field, value if isinstance(value, list) else [value])


def from_asf(tags: Any) -> Pairs:
    """Yield what the attributes of an ASF file say."""
    for name, value in list.__iter__(tags):
        field = vocabulary.ASF.get(name) or vocabulary.free_text(name.replace("/", " ", 1))
        yield from _each(field, [value])


@dataclass(frozen=True)
class TagKind:
    """One tag format: how its values are read, and whether it holds a picture (of which nothing is copied)."""

    pairs: Callable[[Any], Pairs]
    has_picture: Callable[[Any], bool]


ID3 = TagKind(from_id3, lambda tags: any(frame.FrameID == "APIC" for frame in tags.values()))
VORBIS = TagKind(from_vorbis, lambda tags: any(name.lower() in VORBIS_PICTURES for name, _ in list.__iter__(tags)))
APE = TagKind(
    from_ape, lambda tags: any(name.lower().startswith("cover art") and v.kind == BINARY for name, v in tags.items())
)
MP4 = TagKind(from_mp4, lambda tags: bool(tags.get("covr")))
ASF = TagKind(from_asf, lambda tags: any(name == "WM/Picture" for name, _ in list.__iter__(tags)))


def _known(field: str) -> str | None:
    return field if field in vocabulary.FIELDS else None


def _each(field: str | None, values: Iterable[object]) -> Pairs:
    if field:
        yield from ((field, str(value)) for value in values)
