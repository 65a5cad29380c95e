"""Reads WAV files and their relatives (RIFX, RF64, BW64, Wave64): format, time, ``LIST INFO`` and ID3 tags."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from . import chunks, id3, mpeg, names
from .facts import Facts, Pair
from .source import AudioFileError

CODECS = {
    1: "pcm", 3: "pcm", 2: "adpcm", 0x11: "adpcm", 0x6: "alaw", 0x7: "mulaw", 0x31: "gsm", 0x50: "mp2", 0x55: "mp3",
    0xFF: "aac", 0x161: "wma", 0x162: "wma", 0x163: "wma", 0x2000: "ac3", 0x2001: "dts", 0x674F: "vorbis",
    0x1600: "aac", 0x1610: "aac", 0xF1AC: "flac", 0x45: "adpcm", 0x64: "adpcm", 0x65: "adpcm", 0x69: "adpcm",
    0xA109: "speex", 0x704F: "opus", 0x160: "wma",
}  # fmt: skip
"""By the format tag."""

EXTENSIBLE = 0xFFFE
"""The format tag that refers to the format's GUID, which begins with the real tag."""

BY_SAMPLE = {"pcm", "alaw", "mulaw"}
"""Codecs of which a block is one sample of each channel."""

SAMPLES_IN_BLOCK = {0x31: 320}
"""Samples per block of formats whose format chunk need not state it."""

PLACEHOLDERS = (range(1), range(0x7FFF_0000, 0x8000_0001), range(0xFFFF_0000, 0x1_0000_0000))
"""Placeholders for sizes, for writers that write to a pipe; some subtract the size of the header."""


NEXT_CHUNKS = {b"LIST", b"id3 ", b"ID3 ", b"fact", b"cue ", b"bext", b"smpl", b"JUNK", b"PAD "}
"""Chunks that may follow the audio."""


@dataclass
class Format:
    """The ``fmt`` chunk."""

    tag: int
    channels: int
    rate: int
    byte_rate: int
    block: int
    """Bytes of one block: the least that is decoded at a time."""
    bits: int
    samples_in_block: int = 0
    used_bits: int = 0
    """The used bits of a sample, if the chunk states them."""


def read(facts: Facts) -> None:
    """Read a WAV file. Raises ``AudioFileError`` when it has no format."""
    source = facts.source
    order = chunks.byte_order(source, facts.start)
    form: Format | None = None
    held = claimed = data_at = 0
    fact = long_size = 0
    has_data = False
    tags: list[tuple[bytes, chunks.Chunk]] = []
    for chunk in chunks.walk(source, facts.start):
        name = chunk.name
        if name == b"fmt " and form is None:
            form = _format(source.at(chunk.offset, min(chunk.size, 64)), order)
        elif name == b"ds64":
            (long_size,) = struct.unpack("<Q", source.exactly(chunk.offset + 8, 8))
        elif name == b"fact" and chunk.size >= 4:
            (fact,) = struct.unpack(order + "I", source.exactly(chunk.offset, 4))
        elif name == b"data" and not has_data:
            has_data, data_at = True, chunk.offset
            claimed = long_size if chunk.size == 0xFFFF_FFFF and long_size else chunk.size
            held = _held(facts, data_at, claimed)
            if claimed != chunk.size:  # the long size leads to the next chunk
                tags += ((c.name, c) for c in _after(facts, data_at + claimed + (claimed & 1)))
                break
        elif name in {b"LIST", b"id3 ", b"ID3 "}:
            tags.append((name, chunk))
    for name, chunk in tags:
        if name != b"LIST":
            facts.attempt("its ID3 tag", id3.read, facts, chunk.offset)
    for name, chunk in tags:
        if name == b"LIST":
            data = source.at(chunk.offset, chunk.size)
            facts.attempt("its INFO list", facts.add_tag, _info(facts, data, order))
    if form is None:
        raise AudioFileError("it has no format chunk")
    _set(facts, form, held, claimed, fact)
    if facts.codec in {"mp2", "mp3"} and held:
        facts.attempt("its MPEG audio", _set_mpeg, facts, data_at, held)


def _format(data: bytes, order: str) -> Format:
    if len(data) < 14:
        raise AudioFileError("its format chunk is too short")
    tag, channels, rate, byte_rate, block = struct.unpack_from(order + "HHIIH", data)
    bits = struct.unpack_from(order + "H", data, 14)[0] if len(data) >= 16 else 0
    form = Format(tag, channels, rate, byte_rate, block, bits)
    if tag == EXTENSIBLE and len(data) >= 26:
        (valid,) = struct.unpack_from(order + "H", data, 18)  # of the bits of a sample, those that are used
        form.used_bits = valid if 0 < valid <= bits else bits
        (form.tag,) = struct.unpack_from(order + "H", data, 24)
    elif len(data) >= 20:
        (form.samples_in_block,) = struct.unpack_from(order + "H", data, 18)
    return form


def _held(facts: Facts, offset: int, claimed: int) -> int:
    """How many bytes of audio are there; what may be a placeholder counts as a size only with a chunk behind it."""
    there = max(facts.source.size - offset, 0)
    if _is_placeholder(claimed) and claimed < there:
        behind = facts.source.at(offset + claimed + (claimed & 1), 4)
        return claimed if behind in NEXT_CHUNKS else there
    return min(claimed, there)


def _is_placeholder(size: int) -> bool:
    return any(size in sizes for sizes in PLACEHOLDERS)


def _after(facts: Facts, offset: int) -> Iterator[chunks.Chunk]:
    """The chunks behind audio of more than 4 GiB."""
    while offset + 8 <= facts.source.size:
        name, size = struct.unpack("<4sI", facts.source.exactly(offset, 8))
        if name in {b"LIST", b"id3 ", b"ID3 "}:
            yield chunks.Chunk(name, offset + 8, size, 0)
        offset += 8 + size + (size & 1)


def _set(facts: Facts, form: Format, held: int, claimed: int, fact: int) -> None:
    facts.codec = CODECS.get(form.tag, "")
    facts.sample_rate, facts.channels = form.rate, form.channels
    facts.audio_bytes = held
    if facts.codec == "pcm":
        facts.bits = form.used_bits or form.bits
    if facts.codec in BY_SAMPLE:
        width = max((form.bits + 7) // 8, 1) if facts.codec == "pcm" else 1
        block = max(form.block, width * form.channels)
        facts.bitrate = form.rate * block * 8
        seconds = held // block / form.rate if block and form.rate else None
    else:
        facts.bitrate = form.byte_rate * 8
        seconds = _compressed(form, held, fact)
    if seconds is None:
        return
    lacks = claimed - held > 1 and not _is_placeholder(claimed)
    facts.hold(seconds, seconds * claimed / held if lacks and held else seconds)
    if lacks and not held:
        facts.warn("the file ends before its audio")


def _set_mpeg(facts: Facts, offset: int, held: int) -> None:
    """Use the headers of the MPEG frames, which are more precise than the format chunk."""
    rate, channels = facts.sample_rate, facts.channels
    mpeg.read_between(facts, offset, offset + held)
    facts.sample_rate, facts.channels = rate or facts.sample_rate, channels or facts.channels


def _compressed(form: Format, held: int, fact: int) -> float | None:
    """The time of compressed audio: by its blocks, else by the header's byte rate; the ``fact`` chunk is exacter."""
    in_block = SAMPLES_IN_BLOCK.get(form.tag) or (form.samples_in_block if form.tag in {2, 0x11} else 0)
    seconds = None
    if in_block and form.block and form.rate:
        seconds = -(-held // form.block) * in_block / form.rate
    elif form.byte_rate:
        seconds = held / form.byte_rate
    if seconds is None or not form.rate or not fact:
        return seconds
    exact = fact / form.rate
    return exact if exact <= seconds and seconds - exact < 0.1 + 0.02 * seconds else seconds


def _info(facts: Facts, data: bytes, order: str) -> Iterator[Pair]:
    if data[:4] != b"INFO":
        return
    at = 4
    while at + 8 <= len(data):
        item, size = struct.unpack_from(order + "4sI", data, at)
        field = names.RIFF_INFO.get(item.decode("latin-1").upper())
        if field:
            yield field, facts.decode(data[at + 8 : at + 8 + size].rstrip(b"\0"))
        at += 8 + size + (size & 1)
