"""Reads Musepack files of stream versions 4 to 8."""

from __future__ import annotations

import struct

from .facts import Facts
from .lossless import in_part
from .source import AudioFileError, Source

RATES = (44100, 48000, 37800, 32000)
FRAME = 1152
"""Samples in one frame."""

MAX_PACKETS = 200_000
OLD_VERSIONS = (4, 5, 6)
"""Stream versions whose files begin with no signature (as libmpcdec reads them, ``streaminfo.c``)."""

LEAST_FRAME = 20
"""Bits of a frame at least: its size alone takes as many."""


def read(facts: Facts) -> None:
    """Read a Musepack file."""
    facts.codec = "musepack"
    facts.audio_bytes = max(facts.end - facts.start, 0)
    head = facts.source.at(facts.start, 32)
    if is_old(head):
        _read_old(facts, head)
    elif head[:4] == b"MPCK":
        _read_8(facts)
    elif head[:3] == b"MP+" and len(head) == 32:
        _read_7(facts, head)
    else:
        raise AudioFileError("it ends too early")


def _read_7(facts: Facts, head: bytes) -> None:
    if head[3] & 15 < 7:
        raise AudioFileError(f"stream version {head[3] & 15} is not known")
    frames, flags = struct.unpack_from("<II", head, 4)
    facts.sample_rate, facts.channels = RATES[flags >> 16 & 3], 2
    _hold(facts, frames, 24)


def is_old(head: bytes) -> bool:
    """Whether a file that is named as Musepack begins like one of the versions without a signature."""
    word = int.from_bytes(head[:4], "little")
    return len(head) >= 8 and word >> 11 & 0x3FF in OLD_VERSIONS


def _read_old(facts: Facts, head: bytes) -> None:
    version = int.from_bytes(head[:4], "little") >> 11 & 0x3FF
    frames = int.from_bytes(head[4:8] if version >= 5 else head[6:8], "little")
    facts.sample_rate, facts.channels = RATES[0], 2
    _hold(facts, frames - 1 if version < 6 else frames, 8)


def _hold(facts: Facts, frames: int, header: int) -> None:
    """Set the time of so many frames, as far as the bytes behind the header can hold them."""
    there = min(frames, max(facts.end - facts.start - header, 0) * 8 // LEAST_FRAME)
    rate = facts.sample_rate
    facts.hold(max(there * FRAME - 576, 0) / rate, max(frames * FRAME - 576, 0) / rate)


def _read_8(facts: Facts) -> None:
    source = facts.source
    at = facts.start + 4
    samples = heard = in_packet = 0
    packets = 0
    part = 0.0
    ended = False
    for _ in range(MAX_PACKETS):
        head = source.at(at, 12)
        key = head[:2]
        size, used = _varint(head[2:])
        if len(key) < 2 or not key.isalpha() or size < 2 + used:
            break
        if key == b"SH":
            packet = source.at(at + 2 + used, min(size, 64))
            samples, n = _varint(packet[5:])
            skipped, m = _varint(packet[5 + n :])
            rate_and_more, channels = packet[5 + n + m], packet[6 + n + m]
            if rate_and_more >> 5 >= len(RATES):
                raise AudioFileError("its sample rate is not known")
            facts.sample_rate, facts.channels = RATES[rate_and_more >> 5], (channels >> 4) + 1
            in_packet = FRAME << (channels & 7) * 2
            heard = max(samples - skipped, 0)
            if _ends_well(source, facts.end):
                ended = True
                break
        elif key == b"AP":
            if at + size > facts.end:
                part = (facts.end - at) / size
            else:
                packets += 1
        elif key == b"SE":
            ended = True
            break
        at += size
        if at >= facts.end:
            break
    if not facts.sample_rate:
        raise AudioFileError("it does not say what its audio is")
    there = heard if ended else in_part(packets, part, in_packet, heard)
    facts.hold(there / facts.sample_rate, heard / facts.sample_rate)


def _ends_well(source: Source, end: int) -> bool:
    """Whether the packet that ends the stream is the last one, so that the others need not be counted."""
    return source.at(end - 3, 3) == b"SE\x03"


def _varint(data: bytes) -> tuple[int, int]:
    """Decode a size with seven bits per byte, and its number of bytes; (0, 0) if it is invalid."""
    value = 0
    for used, byte in enumerate(data[:10], 1):
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, used
    return 0, 0
