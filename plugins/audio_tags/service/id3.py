"""Reads ID3v2 tags, whose frames mutagen parses, and ID3v1 tags as pairs of field and raw value."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from mutagen import id3

from . import names
from .facts import Facts, Pair
from .forms import uuid
from .id3_guard import check, tag_size, whole_frames

MUSICBRAINZ = "http://musicbrainz.org"
"""The owner of ID3's unique file identifier that is a recording's id."""

PLAIN_TEXT = ("TDRC", "TDOR", "TDRL", "TDEN", "TDTG", "XDOR")
"""Frames with times: mutagen would replace a text that is not a time by numbers."""

KNOWN_FRAMES = {
    name: frame for name, frame in {**id3.Frames_2_2, **id3.Frames}.items() if name not in {"CHAP", "CTOC"}
} | {name: type(name, (id3.TextFrame,), {}) for name in (*PLAIN_TEXT, "XSOT")}
"""Frames to parse: all but chapters, which hold further frames, to any depth."""

NUMBERS = re.compile(r"[0-9A-F]{8}(?: [0-9A-F]{8,16}){3,}")
"""Data of iTunes in comments of its own, which some writers put into the plain comment."""

SLASHED = frozenset({"artists", "genre"})
"""Fields whose values ID3v2.3 separates with ``/``, or Picard with ``; ``. (Ids are told apart by their form.)"""


def read(facts: Facts, offset: int) -> None:
    """Add the ID3v2 tag at ``offset`` of the file. Of one that is cut off, the frames that are whole count.

    Raises ``AudioFileError`` and what mutagen raises.
    """
    source = facts.source
    head = source.at(offset, 10)
    size = tag_size(head)
    if not size:
        return
    tag = head + source.at(offset + 10, size)
    if len(tag) < size + 10:
        facts.warn(f"its ID3 tag is cut off: {len(tag) - 10:,} of {size:,} bytes are there")
        tag = whole_frames(tag)
    check(tag)
    tags = id3.ID3(io.BytesIO(tag), known_frames=KNOWN_FRAMES, translate=False, load_v1=False)
    facts.picture = facts.picture or any(is_picture(frame) for frame in tags.values())
    facts.add_tag(_pairs(facts, tags))


def read_v1(facts: Facts, tag: bytes) -> None:
    """Add the 128 bytes of an ID3v1 tag."""
    texts = {"title": tag[3:33], "artist": tag[33:63], "album": tag[63:93], "date": tag[93:97]}
    comment, genre = tag[97:127], tag[127]
    pairs = []
    if comment[28] == 0 and comment[29]:  # ID3v1.1
        pairs.append(("tracknumber", str(comment[29])))
        comment = comment[:28]
    for field, raw in {**texts, "comment": comment}.items():
        text = facts.decode_legacy(raw.partition(b"\0")[0])
        pairs.append((field, text))
    if genre < len(id3.TCON.GENRES):
        pairs.append(("genre", id3.TCON.GENRES[genre]))
    facts.add_tag(pairs)


def is_picture(frame: Any) -> bool:
    """Whether a frame holds the bytes of a picture, and not none of them, or a link."""
    return frame.FrameID == "APIC" and frame.mime != "-->" and bool(frame.data.strip(b"\0"))


def _pairs(facts: Facts, tags: Any) -> Iterator[Pair]:
    slashes = tags.version[:2] < (2, 4)
    artists = sum(len(uuid(frame.text[0])) for frame in _free(tags, "musicbrainzartistid") if frame.text)
    later: list[Pair] = []
    for frame in tags.values():
        name = frame.FrameID
        field = names.ID3.get(name)
        if name == "TXXX":
            key = names.plain(frame.desc)
            field = names.FREE_TEXT.get(key)
            if key in names.LATER and field:
                later += ((field, text) for text in _texts(facts, frame))
                field = None
        elif name == "TCON":
            frame.text = _texts(facts, frame)
            for genre in frame.genres:  # with ID3v1's numbers spelled out
                yield from (("genre", part) for part in (_split(genre) if slashes else [genre]))
            continue
        if field:
            for text in _texts(facts, frame):
                parts = _split(text) if slashes and field in SLASHED else [text]
                # A name may contain a slash (AC/DC), so the number of ids decides.
                one = field == "artists" and artists and len(parts) != artists
                yield from ((field, part) for part in ([text] if one else parts))
        elif name in names.ID3_LATER:
            later += ((names.ID3_LATER[name], text) for text in _texts(facts, frame))
        elif name == "TYER":
            later[:0] = [("date", text) for text in _with_day(frame, tags.get("TDAT"))]
        else:
            yield from _other(facts, frame)
    yield from later


def _other(facts: Facts, frame: Any) -> Iterator[Pair]:
    """The pairs of frames that are not plain texts."""
    name = frame.FrameID
    if name == "COMM" and frame.desc in {"", "ID3v1 Comment"}:
        yield from (("comment", text) for text in _texts(facts, frame) if not NUMBERS.fullmatch(text.strip("\0 ")))
    elif name == "USLT":
        yield "lyrics", _text(facts, frame, frame.text)
    elif name == "UFID" and frame.owner == MUSICBRAINZ:
        yield "musicbrainz_recordingid", frame.data.decode("ascii", "replace")
    elif name in {"TMCL", "TIPL", "IPLS"}:
        for role, person in frame.people:
            what, who = (_text(facts, frame, text).strip("\0 ") for text in (role, person))
            field = None if name == "TMCL" else names.ROLES.get(what.lower())
            if field:
                yield field, who
            elif who and (name == "TMCL" or what.lower() not in names.NO_PERFORMERS):
                yield "performer", f"{who} ({what})" if what and what.lower() != "performer" else who


def _free(tags: Any, key: str) -> list[Any]:
    return [frame for frame in tags.getall("TXXX") if names.plain(frame.desc) == key]


def _texts(facts: Facts, frame: Any) -> list[str]:
    texts = frame.text if hasattr(frame, "text") else [frame.url]
    return [_text(facts, frame, str(text)) for text in texts]


def _text(facts: Facts, frame: Any, text: str) -> str:
    """The text of a frame; one marked as Latin-1 is decoded by the legacy code page."""
    if text.isascii() or getattr(frame, "encoding", None) != id3.Encoding.LATIN1:
        return text
    return facts.decode_legacy(text.encode("latin-1", "replace"))


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"\s*[/;]\s*", text) if part.strip()]


def _with_day(year: Any, day: Any) -> Iterator[str]:
    """ID3v2.3's year, with its day and month (``DDMM``) where they are there."""
    date = str(day.text[0]) if day is not None and day.text else ""
    for text in map(str, year.text):
        whole = len(date) == 4 and date.isdecimal() and len(text) == 4
        yield f"{text}-{date[2:]}-{date[:2]}" if whole else text
