"""Reads AIFF and AIFF-C files: format, time, text chunks and the ID3 tag."""

from __future__ import annotations

import math
import struct

from . import chunks, id3, names
from .facts import Facts, Pair
from .source import AudioFileError

CODECS = {
    **dict.fromkeys((b"NONE", b"sowt", b"twos", b"raw ", b"in24", b"in32", b"42ni", b"23ni", b"fl32", b"fl64"), "pcm"),
    b"alaw": "alaw", b"ulaw": "mulaw", b"ima4": "adpcm", b"GSM ": "gsm", b"agsm": "gsm", b"MAC3": "mace",
    b"MAC6": "mace", b"alac": "alac",
}  # fmt: skip
"""Codecs by compression type, in lower case because writers differ."""

BITS = {b"in24": 24, b"in32": 32, b"42ni": 24, b"23ni": 32, b"fl32": 32, b"fl64": 64}
"""Bits per sample of compression types that fix it."""

PACKETS = {b"ima4": (34, 64), b"MAC3": (2, 6), b"MAC6": (1, 6), b"GSM ": (33, 160), b"agsm": (33, 160)}
"""Bytes of one packet of one channel, and samples in it."""


def read(facts: Facts) -> None:
    """Read an AIFF file. Raises ``AudioFileError`` if it does not describe its audio."""
    source = facts.source
    common = b""
    held: int | None = None
    tags: list[int] = []
    texts: list[Pair] = []
    for chunk in chunks.walk(source, facts.start):
        name = chunk.name
        if name == b"COMM" and not common:
            common = source.at(chunk.offset, min(chunk.size, 22))
        elif name == b"SSND" and held is None:
            there = max(source.size - chunk.offset, 0)
            held = max((min(chunk.size, there) if chunk.size > 8 else there) - 8, 0)
        elif name in {b"ID3 ", b"id3 "}:
            tags.append(chunk.offset)
        elif name in names.AIFF:
            texts.append((names.AIFF[name], facts.decode(source.at(chunk.offset, min(chunk.size, 1 << 16)))))
    for offset in tags:
        facts.attempt("its ID3 tag", id3.read, facts, offset)
    facts.add_tag(texts)
    if len(common) < 18:
        raise AudioFileError("it does not say what its audio is")
    _set(facts, common, held or 0)


def _set(facts: Facts, common: bytes, held: int) -> None:
    channels, frames, bits = struct.unpack_from(">HIH", common)
    rate = _extended(common[8:18])
    kind = common[18:22] if len(common) >= 22 else b"NONE"
    kind = next((known for known in CODECS if known.lower() == kind.lower()), kind)
    facts.codec = CODECS.get(kind, "")
    facts.sample_rate, facts.channels, facts.audio_bytes = round(rate), channels, held
    if not rate or not channels:
        return
    bits = BITS.get(kind, bits)
    if facts.codec == "pcm":
        facts.bits = bits
    if facts.codec in {"pcm", "alaw", "mulaw"}:
        width = (bits + 7) // 8 if facts.codec == "pcm" else 1
        facts.bitrate = rate * channels * width * 8
        there = held // (width * channels) if width else 0
    elif kind in PACKETS:
        size, samples = PACKETS[kind]
        there = held // (size * channels) * samples
        frames = frames * samples if kind == b"ima4" and frames * samples <= there + samples else frames
    else:
        return  # the duration of so many bytes is unknown
    if there:
        facts.hold(min(frames, there) / rate, frames / rate)
    elif frames:
        facts.warn("the file ends before its audio")


def _extended(data: bytes) -> float:
    """Decode a number of 80 bits: sign and exponent in 16 bits, mantissa in 64."""
    exponent, mantissa = struct.unpack(">HQ", data)
    value = math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63) if exponent & 0x7FFF < 16383 + 40 else 0.0
    return value if exponent < 0x8000 and value >= 1 else 0.0
