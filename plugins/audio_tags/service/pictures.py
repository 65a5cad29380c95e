"""Extracts the pictures of an audio file's tags. Scans do not: they only say that there are some."""

from __future__ import annotations

import base64
import binascii
import contextlib
import struct
from collections.abc import Iterable, Iterator
from typing import Any

import mutagen
from mutagen import MutagenError
from mutagen.apev2 import APEv2
from mutagen.flac import Picture
from mutagen.id3 import ID3

from .source import AudioFileError, Source, open_source

MAX_PICTURES = 32
MAX_BYTES = 48 * 1024 * 1024
"""Of all pictures of one file."""
KINDS = {
    3: "front", 4: "back", 5: "booklet", 6: "disc", 7: "artist", 8: "artist", 10: "artist", 18: "other",
    19: "logo", 20: "logo",
}  # fmt: skip
"""A picture's type in ID3 and FLAC → what it shows; any other is taken for "other", and 0 for a front."""

Found = tuple[str, bytes]
"""What a picture shows, and its bytes."""


def find(path: str) -> list[Found]:
    """Return the pictures of a file, fronts first; raises ``AudioFileError`` if it cannot be read."""
    with open_source(path) as source:
        try:
            pictures = [*_of_file(source)] or [*_of_id3(source)] or [*_of_ape(source)]
        except AudioFileError:
            raise
        except Exception as error:  # a parser of arbitrary bytes fails in arbitrary ways
            raise AudioFileError(f"its pictures cannot be read: {error}") from error
    return sorted(_bounded(pictures), key=lambda one: one[0] != "front")


def _bounded(pictures: Iterable[Found]) -> list[Found]:
    kept: list[Found] = []
    left = MAX_BYTES
    for kind, data in pictures:
        left -= len(data)
        if len(kept) == MAX_PICTURES or left < 0:
            break
        if data.strip(b"\0") and (kind, data) not in kept:
            kept.append((kind, data))
    return kept


def _of_file(source: Source) -> Iterator[Found]:
    """Pictures of a file that mutagen reads as a whole."""
    try:
        file: Any = mutagen.File(source)
    except MutagenError:
        return
    if file is None:
        return
    tags = file.tags
    for one in getattr(file, "pictures", ()):  # of FLAC
        yield _kind(one.type), one.data
    if isinstance(tags, ID3):
        yield from _of_frames(tags)
    elif isinstance(tags, APEv2):
        yield from _of_items(tags)
    elif tags is not None:
        yield from (("front", bytes(one)) for one in _values(tags, "covr"))
        yield from _of_blocks(_values(tags, "metadata_block_picture"))
        yield from (("front", _decoded(one)) for one in _values(tags, "coverart"))
        yield from filter(None, (_of_asf(getattr(one, "value", b"")) for one in _values(tags, "WM/Picture")))


def _values(tags: Any, key: str) -> list[Any]:
    try:
        return list(tags.get(key) or ())
    except (KeyError, ValueError, UnicodeError):  # this kind of tags has no such key
        return []


def _of_id3(source: Source) -> Iterator[Found]:
    """Pictures in the tag before the content of a file that is damaged, or of another format than it looks."""
    source.seek(0)
    with contextlib.suppress(MutagenError):
        yield from _of_frames(ID3(source))


def _of_frames(tags: ID3) -> Iterator[Found]:
    yield from ((_kind(frame.type), frame.data) for frame in tags.getall("APIC") if frame.mime != "-->")


def _of_ape(source: Source) -> Iterator[Found]:
    """Pictures in an APEv2 tag behind another format's tags, as MP3 files may have."""
    source.seek(0)
    with contextlib.suppress(MutagenError):
        yield from _of_items(APEv2(source))


def _of_items(tags: APEv2) -> Iterator[Found]:
    for key, value in tags.items():
        name = key.lower()
        if name.startswith("cover art"):
            kind = "back" if "back" in name else "front" if "front" in name or name == "cover art" else "other"
            yield kind, bytes(value.value).partition(b"\0")[2]


def _of_blocks(values: Iterable[str]) -> Iterator[Found]:
    for value in values:
        try:
            picture = Picture(_decoded(value))
        except (MutagenError, struct.error):
            continue
        if picture.mime != "-->":
            yield _kind(picture.type), picture.data


def _of_asf(value: object) -> Found | None:
    if not isinstance(value, bytes) or len(value) < 5:
        return None
    kind, size = struct.unpack_from("<BI", value)
    return (_kind(kind), value[-size:]) if 0 < size < len(value) else None


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):
        return b""


def _kind(number: int) -> str:
    return "front" if number == 0 else KINDS.get(number, "other")
