"""Walks the chunks of WAV and AIFF files for what mutagen leaves out: ``LIST INFO`` tags, and how much audio there is.

A chunk is a name of four bytes, a size, and that many bytes, padded to an even number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from . import vocabulary
from .source import AudioFileError, Source

UNKNOWN_SIZES = frozenset({0, 0xFFFF_FFFF})
"""What writers put for the size of a ``data`` chunk when they write to a pipe and cannot go back."""


BYTE_ORDER = {b"RIFF": "<", b"FORM": ">"}
"""How a WAV and an AIFF file begin, and the byte order of their sizes."""


def chunks(source: Source) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset of the content, and claimed size of each chunk of a WAV or AIFF file."""
    source.seek(0)
    layout = struct.Struct(BYTE_ORDER[source.read(4)] + "4sI")
    offset = 12
    while offset + 8 <= source.size:
        source.seek(offset)
        name, size = layout.unpack(source.read(8))
        yield name, offset + 8, size
        offset += 8 + size + (size & 1)


def audio_bytes(source: Source) -> int | None:
    """Return how many bytes of audio a WAV file holds, None without a ``data`` chunk.

    Raises ``AudioFileError`` when that chunk claims more than the file has, unless its writer could not know.
    """
    for name, offset, size in chunks(source):
        if name == b"data":
            there = source.size - offset
            if size in UNKNOWN_SIZES:
                return there
            if size > there:
                raise AudioFileError(f"its audio claims {size:,} bytes, of which {there:,} are there")
            return size
    return None


def info_pairs(source: Source) -> Iterator[tuple[str, str]]:
    """Yield field and raw value of each known item of ``LIST INFO``; text is UTF-8, else Windows-1252."""
    for name, offset, size in chunks(source):
        if name != b"LIST":
            continue
        source.seek(offset)
        content = source.read(size)
        if content[:4] != b"INFO":
            continue
        at = 4
        while at + 8 <= len(content):
            item, length = struct.unpack_from("<4sI", content, at)
            if item in vocabulary.RIFF_INFO:
                yield vocabulary.RIFF_INFO[item], _text(content[at + 8 : at + 8 + length])
            at += 8 + length + (length & 1)


def _text(raw: bytes) -> str:
    raw = raw.rstrip(b"\0")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
