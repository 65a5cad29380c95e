"""Checks whether a file has its audio up to the end, for formats for which libav trusts the header."""

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
    if form.startswith("mov,") and not any(len(stream.index_entries) for stream in container.streams):
        return True
    indexed = [stream for stream in container.streams if stream.frames or form in INDEXED]
    lasts = [stream.index_entries[-1] for stream in indexed if len(stream.index_entries)]
    return any(last.pos + last.size > source.size for last in lasts)


def _flac_ends(source: Source, header: bytes) -> bool:
    """Whether the header of the last frame is there (RFC 9639, 8.2 and 9.1); True where that cannot be known."""
    if len(header) < 18:
        return True
    smallest, largest = struct.unpack_from(">HH", header)
    samples = int.from_bytes(header[10:18], "big") & ((1 << 36) - 1)
    if not samples or not largest:  # not stated
        return True
    if smallest != largest:
        return _uneven_flac_ends(source, samples, largest)
    number = _coded((samples - 1) // largest)
    return re.search(rb"\xff[\xf8\xf9].." + re.escape(number), _tail(source), re.DOTALL) is not None


def _uneven_flac_ends(source: Source, samples: int, largest: int) -> bool:
    """Whether a frame whose number is that of its first sample begins within a block of the last of ``samples``."""
    low = max(0, samples - largest)
    tail = _tail(source)
    numbers = (_decoded(tail[match.end() : match.end() + 7]) for match in re.finditer(rb"\xff\xf9..", tail, re.DOTALL))
    numbers_frames = tail.count(b"\xff\xf8") >= tail.count(b"\xff\xf9")  # as old encoders do all the same
    return numbers_frames or any(low <= number < samples for number in numbers)


def _decoded(data: bytes) -> int:
    """The number that ``_coded`` makes these bytes of at their beginning, -1 where they are none."""
    first = data[0] if data else 0xFF
    if first < 0x80:
        return first
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 7 or len(data) < length or any(byte & 0xC0 != 0x80 for byte in data[1:length]):
        return -1
    number = first & 0xFF >> length + 1
    for byte in data[1:length]:
        number = number << 6 | byte & 0x3F
    return number


def _coded(number: int) -> bytes:
    """A frame's number as its header has it: UTF-8's form, extended to 36 bits."""
    if number < 0x80:
        return bytes([number])
    more = next(count for count in range(1, 7) if number >> 6 * count < 1 << 6 - count)
    first = 0xFF00 >> more + 1 & 0xFF | number >> 6 * more
    return bytes([first, *(0x80 | number >> 6 * place & 0x3F for place in reversed(range(more)))])


def _wavpack_ends(source: Source) -> bool:
    """Whether the last block of audio is there as a whole and holds the last sample (WavPack 5, "Block header").

    Behind it there may be a block without samples, of what was at the end of the original file.
    """
    tail = _tail(source)
    place = tail.rfind(b"wvpk")
    while place >= 0 and len(tail) >= place + 24 and not struct.unpack_from("<I", tail, place + 20)[0]:
        earlier = tail.rfind(b"wvpk", 0, place)
        if earlier < 0:
            return True  # a large one: nobody writes it before the audio has ended
        place = earlier
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
