"""Looks whether the audio of a file is there up to its end, where libav believes the header."""

from __future__ import annotations

import re
import struct
from typing import Any

from .source import Source

WINDOW = 1 << 20
"""How much of a file's end is searched: more than a frame or block, and the tags behind the last one."""

INDEXED = frozenset({"tta", "ape"})
"""Formats of audio alone whose index libav builds without counting its entries."""

UNKNOWN = 0xFFFFFFFF


def is_cut_off(container: Any, source: Source, sound: Any | None) -> bool:
    """Whether the file ends before the audio or video that its header or its index names."""
    form = container.format.name
    if sound is not None and form == "flac":
        return not _flac_ends(source, bytes(sound.codec_context.extradata or b""))
    if sound is not None and form == "wv":
        return not _wavpack_ends(source)
    # a file of fragments has no index of frames, and its duration is that of the fragments that are announced
    indexed = [stream for stream in container.streams if stream.frames or form in INDEXED]
    lasts = [stream.index_entries[-1] for stream in indexed if len(stream.index_entries)]
    return any(last.pos + last.size > source.size for last in lasts)


def _flac_ends(source: Source, header: bytes) -> bool:
    """Whether the header of the last frame is there (RFC 9639, 8.2 and 9.1); True where that cannot be known."""
    if len(header) < 18:
        return True
    smallest, largest = struct.unpack_from(">HH", header)
    samples = int.from_bytes(header[10:18], "big") & ((1 << 36) - 1)
    if not samples or smallest != largest or not largest:  # not stated, or frames of different sizes
        return True
    number = _coded((samples - 1) // largest)
    return re.search(rb"\xff[\xf8\xf9].." + re.escape(number), _tail(source), re.DOTALL) is not None


def _coded(number: int) -> bytes:
    """A frame's number as its header has it: UTF-8's form, extended to 36 bits."""
    if number < 0x80:
        return bytes([number])
    more = next(count for count in range(1, 7) if number >> 6 * count < 1 << 6 - count)
    first = 0xFF00 >> more + 1 & 0xFF | number >> 6 * more
    return bytes([first, *(0x80 | number >> 6 * place & 0x3F for place in reversed(range(more)))])


def _wavpack_ends(source: Source) -> bool:
    """Whether the last block is there as a whole and holds the last sample (WavPack 5, "Block header")."""
    tail = _tail(source)
    place = tail.rfind(b"wvpk")
    if place < 0 or len(tail) < place + 24:
        return False
    size, _, high, more, total, index, count = struct.unpack_from("<IHBBIII", tail, place + 4)
    if total == UNKNOWN:
        return True
    whole = place + 8 + size <= len(tail)
    return bool(whole and (high << 32) + index + count >= (more << 32) + total)


def _tail(source: Source) -> bytes:
    start = max(0, source.size - WINDOW)
    return source.at(start, source.size - start)
