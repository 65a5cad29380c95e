"""Walks the chunks of files of the RIFF family: WAV, RIFX, RF64, BW64, Sony's Wave64, AIFF and AIFF-C.

A chunk is a name, a size, and that many bytes, padded; the names here have four bytes in all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .source import Source

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
"""How a Wave64 file begins."""

BIG_ENDIAN = frozenset({b"RIFX", b"FORM"})


class Chunk(NamedTuple):
    """One chunk: its name, where its content begins, the size that it claims, and where the next chunk begins."""

    name: bytes
    offset: int
    size: int
    next: int


def byte_order(source: Source, start: int) -> str:
    """Return the sign for ``struct`` of the file's byte order."""
    return ">" if source.at(start, 4) in BIG_ENDIAN else "<"


def walk(source: Source, start: int) -> Iterator[Chunk]:
    """Yield each chunk of the file that begins at ``start``."""
    if source.at(start, 16) == W64_RIFF:
        yield from _walk_w64(source, start + 40)
        return
    layout = struct.Struct(byte_order(source, start) + "4sI")
    offset = start + 12
    while offset + 8 <= source.size:
        name, size = layout.unpack(source.exactly(offset, 8))
        following = offset + 8 + size + (size & 1)
        yield Chunk(name, offset + 8, size, following)
        offset = following


def _walk_w64(source: Source, offset: int) -> Iterator[Chunk]:
    while offset + 24 <= source.size:
        head = source.exactly(offset, 24)
        (size,) = struct.unpack_from("<Q", head, 16)
        if size < 24:
            return
        following = offset + (size + 7) // 8 * 8
        yield Chunk(head[:4].lower() if head[:4] != b"LIST" else head[:4], offset + 24, size - 24, following)
        offset = following
