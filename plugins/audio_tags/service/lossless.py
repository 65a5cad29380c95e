"""Reads the headers of True Audio, Monkey's Audio and DSF files, whose tables show how much audio the file has."""

from __future__ import annotations

import struct
from array import array
from itertools import pairwise

from . import id3
from .facts import Facts
from .source import AudioFileError

PEAK_LEVEL, SEEK_ELEMENTS, NO_WAV_HEADER = 4, 16, 32
"""What follows the header of an older Monkey's Audio file, by its flags."""

MAX_FRAMES = 4_000_000
"""Frames of which the table of sizes or offsets is read: fifty days of audio."""


def read_tta(facts: Facts) -> None:
    """Read a True Audio file (version 1)."""
    head = facts.source.exactly(facts.start, 22)
    _, channels, bits, rate, samples = struct.unpack_from("<HHHII", head, 4)
    if not rate:
        raise AudioFileError("its sample rate is 0")
    facts.codec, facts.channels, facts.bits, facts.sample_rate = "tta", channels, bits, rate
    in_frame = rate * 256 // 245
    frames = min(-(-samples // in_frame), MAX_FRAMES)
    left = facts.end - facts.start - 22 - (frames * 4 + 4)
    facts.audio_bytes = max(left, 0)
    whole = 0
    part = 0.0
    for size in array("I", _whole_words(facts.source.at(facts.start + 22, frames * 4))):
        if left < size:
            part = max(left, 0) / size
            break
        left -= size
        whole += 1
    there = samples if whole == frames else in_part(whole, part, in_frame, samples)
    facts.hold(there / rate, samples / rate)


def in_part(whole: int, part: float, in_frame: int, samples: int) -> float:
    """Return the samples in so many whole frames and a part of the next one, of a file of ``samples``."""
    before = min(whole * in_frame, samples)
    return before + part * min(in_frame, samples - before)


def read_ape(facts: Facts) -> None:
    """Read a Monkey's Audio file."""
    source = facts.source
    head = source.at(facts.start, 32)
    if len(head) < 32:
        raise AudioFileError("it ends too early")
    facts.codec = "ape"
    (version,) = struct.unpack_from("<H", head, 4)
    if version >= 3980:
        described, header_size, table_size = struct.unpack_from("<III", head, 8)
        header = source.exactly(facts.start + described, 24)
        _, _, in_frame, in_last, frames, bits, channels, rate = struct.unpack("<HHIIIHHI", header)
        table_at = facts.start + described + header_size
    else:
        level, flags, channels, rate, wav_header, _, frames, in_last = struct.unpack_from("<HHHIIIII", head, 6)
        bits = 8 if flags & 1 else 24 if flags & 8 else 16
        big = 73_728 if version >= 3900 or (version >= 3800 and level == 4000) else 9216
        in_frame = big * 4 if version >= 3950 else big
        table_at = facts.start + 32 + (4 if flags & PEAK_LEVEL else 0) + (4 if flags & SEEK_ELEMENTS else 0)
        table_at += 0 if flags & NO_WAV_HEADER else wav_header
        table_size = frames * 4
    if not rate:
        raise AudioFileError("its sample rate is 0")
    facts.sample_rate, facts.channels, facts.bits = rate, channels, bits
    facts.audio_bytes = facts.end - facts.start
    samples = (frames - 1) * in_frame + in_last if frames else 0
    there = samples
    if table_size:
        count = min(frames, table_size // 4, MAX_FRAMES)
        offsets = array("I", _whole_words(source.at(table_at, count * 4)))
        held = facts.end - facts.start
        if len(offsets) < frames:
            offsets, end = array("I"), held + 1  # the file ends within the table, before its audio
        elif version >= 3980:
            end = _described_end(source.exactly(facts.start, 52))
        elif offsets:
            end = offsets[-1] + 1  # such a header does not say how long the last frame is
        else:
            end = 0
        there = samples if held >= end else in_part(*_ape_frames(offsets, held, end), in_frame, samples)
    facts.hold(there / rate, samples / rate)


def _ape_frames(offsets: array[int], held: int, end: int) -> tuple[int, float]:
    """How many frames are whole in ``held`` bytes, and what part of the next one; all of them end at ``end``."""
    for number, (begin, after) in enumerate(pairwise([*offsets, end])):
        if after > held:
            return number, (held - begin) / (after - begin) if begin < held else 0.0
    return len(offsets), 0.0


def _described_end(descriptor: bytes) -> int:
    """The size that the file has at least, by its descriptor."""
    own, header, table, wav, low, high = struct.unpack_from("<IIIIII", descriptor, 8)
    return int(own + header + table + wav + low + (high << 32))


def read_dsf(facts: Facts) -> None:
    """Read a DSF file, and the ID3 tag that its header points at."""
    source = facts.source
    (tag_at,) = struct.unpack_from("<Q", source.exactly(facts.start, 28), 20)
    if tag_at:
        facts.attempt("its ID3 tag", id3.read, facts, facts.start + tag_at)
    form = source.exactly(facts.start + 28, 52)
    if form[:4] != b"fmt ":
        raise AudioFileError("it has no format chunk")
    size, _, _, _, channels, rate, bits, samples = struct.unpack_from("<QIIIIIIQ", form, 4)
    if not rate or not channels:
        raise AudioFileError("its sample rate is 0" if not rate else "it has no channels")
    data_at = facts.start + 28 + size
    (claimed,) = struct.unpack_from("<Q", source.exactly(data_at, 12), 4)
    held = max(min(claimed - 12, source.size - data_at - 12), 0)
    facts.codec, facts.channels, facts.sample_rate, facts.bits = "dsd", channels, rate, bits
    facts.audio_bytes = held
    facts.bitrate = rate * channels
    facts.hold(min(samples, held * 8 // channels) / rate, samples / rate)


def _whole_words(data: bytes) -> bytes:
    return data[: len(data) & ~3]
