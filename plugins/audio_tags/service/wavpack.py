"""Reads WavPack files: the first blocks for the format, the last one for how far the audio goes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .facts import Facts
from .source import AudioFileError

RATES = (6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 192000)
HEADER = 32
MONO, INITIAL, FINAL, DSD = 1 << 2, 1 << 11, 1 << 12, 1 << 31
CHANNEL_INFO, SAMPLE_RATE, DSD_BLOCK = 0x0D, 0x27, 0x0E
MAX_SAMPLES = 131_072
"""Samples of one block at most, but for files that nobody makes."""

MAX_STREAMS = 64
TAILS = (64 * 1024, 1024 * 1024)
"""Bytes at the end of the file in which the last block is looked for."""


@dataclass(frozen=True)
class Block:
    """The header of one block; ``total`` is None where the encoder did not know."""

    end: int
    index: int
    samples: int
    total: int | None
    flags: int


def read(facts: Facts) -> None:
    """Read a WavPack file. Raises ``AudioFileError`` when it begins with no block of audio."""
    first: Block | None = None
    channels = counted = 0
    rate_shift = 0
    at = facts.start
    for _ in range(MAX_STREAMS):
        data = facts.source.at(at, HEADER)
        block = parse(data, at)
        if block is None or (first and block.index != first.index):
            break
        if block.samples == 0 and not first:
            at = block.end
            continue
        if first is None:
            first = block
            facts.sample_rate = RATES[block.flags >> 23 & 15] if block.flags >> 23 & 15 < 15 else 0
        for kind, value in _metadata(facts.source.at(at + HEADER, min(block.end - at - HEADER, 64 * 1024))):
            if kind == CHANNEL_INFO and value:
                channels = value[0] if len(value) < 6 else (value[0] | (value[2] & 15) << 8) + 1
            elif kind == SAMPLE_RATE and len(value) >= 3:
                facts.sample_rate = int.from_bytes(value[:4], "little")
            elif kind == DSD_BLOCK and value:
                rate_shift = value[0] & 31
        counted += 1 if block.flags & MONO else 2
        at = block.end
        if block.flags & FINAL:
            break
    if first is None:
        raise AudioFileError("it has no audio")
    _set(facts, first, channels or counted, rate_shift)


def _set(facts: Facts, first: Block, channels: int, rate_shift: int) -> None:
    facts.codec = "wavpack"
    facts.channels = channels
    facts.audio_bytes = max(facts.end - facts.start, 0)
    facts.bits = ((first.flags & 3) + 1) * 8 - (first.flags >> 13 & 31)
    rate = facts.sample_rate << rate_shift  # of DSD, bytes a second
    if first.flags & DSD:
        facts.bits = 1
        facts.sample_rate = rate * 8
    if not rate:
        return
    there = _samples_there(facts, first)
    if there is not None:
        total = first.total if first.total is not None else there
        facts.hold(min(there, total) / rate, total / rate)


def _samples_there(facts: Facts, first: Block) -> int | None:
    """The samples up to the file's end, in a block that is cut off by its bytes; None when no block was found."""
    for size in TAILS:
        start = max(facts.end - size, facts.start)
        tail = facts.source.at(start, facts.end - start)
        at = len(tail)
        while (at := tail.rfind(b"wvpk", 0, at)) >= 0:
            block = parse(tail[at : at + HEADER], start + at)
            if block and block.samples and first.index <= block.index <= (start + at) // HEADER * MAX_SAMPLES:
                whole = block.end - start - at
                return block.index - first.index + block.samples * min(facts.end - start - at, whole) // whole
        if start == facts.start:
            return 0
    return None


def parse(head: bytes, at: int) -> Block | None:
    """Return the block whose header ``head`` is, at offset ``at``; None when it is none."""
    if len(head) < HEADER or head[:4] != b"wvpk":
        return None
    size, version, index_high, total_high, total, index, samples, flags = struct.unpack_from("<IHBBIIII", head, 4)
    if not 0x402 <= version <= 0x410 or size < HEADER - 8:
        return None
    known = None if total == 0xFFFF_FFFF else total + (total_high << 32) - total_high
    return Block(at + 8 + size, index + (index_high << 32), samples, known, flags)


def _metadata(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each item of a block: its kind and content."""
    at = 0
    while at + 2 <= len(data):
        kind, words = data[at], data[at + 1]
        at += 2
        if kind & 0x80:
            if at + 2 > len(data):
                return
            words |= data[at] << 8 | data[at + 1] << 16
            at += 2
        size = words * 2
        yield kind & 0x3F, data[at : at + size - bool(kind & 0x40)]
        at += size
