"""Reads Vorbis comments, the tags of FLAC and Ogg files, and FLAC's picture blocks."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator

from . import names
from .facts import Facts, Pair
from .source import AudioFileError

PICTURES = frozenset({"metadatablockpicture", "coverart"})
PICTURE_HEAD = 64 * 1024
"""Bytes of a picture block in which its type, description and the size of its data are looked for."""


def read(facts: Facts, data: bytes) -> None:
    """Add the comments in ``data``, which the vendor's text begins. Raises ``AudioFileError`` when it is broken."""
    facts.add_tag(_pairs(facts, data))


def has_data(block: bytes, size: int) -> bool:
    """Whether a picture block of ``size`` bytes, of which ``block`` is the beginning, holds a picture, and no link."""
    (mime_size,) = struct.unpack_from(">I", block, 4)
    (text_size,) = struct.unpack_from(">I", block, 8 + mime_size)
    at = 12 + mime_size + text_size + 16
    (data_size,) = struct.unpack_from(">I", block, at)
    found = block[at + 4 : at + 4 + data_size]
    return block[8 : 8 + mime_size] != b"-->" and 0 < data_size <= size - at - 4 and bool(found.strip(b"\0"))


def _pairs(facts: Facts, data: bytes) -> Iterator[Pair]:
    later: list[Pair] = []
    for comment in _comments(data):
        key, equals, value = comment.partition(b"=")
        name = names.plain(key.decode("ascii", "replace"))
        if not equals:
            continue
        if name in PICTURES:
            facts.picture = facts.picture or _is_picture(name, value)
            continue
        field = names.VORBIS.get(name)
        if field and name in names.LATER:
            later.append((field, _text(facts, key, value)))
        elif field:
            yield field, _text(facts, key, value)
    yield from later


def _text(facts: Facts, key: bytes, value: bytes) -> str:
    return facts.decode_utf8(value, f"the comment {key.decode('ascii', 'replace')}")


def _is_picture(name: str, value: bytes) -> bool:
    try:
        if name == "coverart":
            return bool(base64.b64decode(value[:64]).strip(b"\0"))
        return has_data(base64.b64decode(value[: PICTURE_HEAD - PICTURE_HEAD % 4]), len(value) * 3 // 4)
    except (binascii.Error, struct.error):
        return False


def _comments(data: bytes) -> Iterator[bytes]:
    try:
        (vendor,) = struct.unpack_from("<I", data, 0)
        (count,) = struct.unpack_from("<I", data, 4 + vendor)
        at = 8 + vendor
        for _ in range(count):
            (size,) = struct.unpack_from("<I", data, at)
            if at + 4 + size > len(data):
                raise AudioFileError("a comment is longer than all of them")
            yield data[at + 4 : at + 4 + size]
            at += 4 + size
    except struct.error as error:
        raise AudioFileError("it ends too early") from error
