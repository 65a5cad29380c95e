"""Reads the headers of True Audio, Monkey's Audio and DSF files, whose tables tell how much of the audio is there."""

from __future__ import annotations

import struct
from array import array

from . import id3
from .facts import Facts
from .source import AudioFileError

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
    for size in array("I", _whole_words(facts.source.at(facts.start + 22, frames * 4))):
        left -= size
        if left < 0:
            break
        whole += 1
    there = samples if whole == frames else whole * in_frame
    facts.hold(there / rate, samples / rate)


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
        level, flags, channels, rate, _, _, frames, in_last = struct.unpack_from("<HHHIIIII", head, 6)
        bits = 8 if flags & 1 else 24 if flags & 8 else 16
        big = 73_728 if version >= 3900 or (version >= 3800 and level == 4000) else 9216
        in_frame = big * 4 if version >= 3950 else big
        table_at = table_size = 0
    if not rate:
        raise AudioFileError("its sample rate is 0")
    facts.sample_rate, facts.channels, facts.bits = rate, channels, bits
    facts.audio_bytes = facts.end - facts.start
    samples = (frames - 1) * in_frame + in_last if frames else 0
    there = samples
    if table_size:
        count = min(frames, table_size // 4, MAX_FRAMES)
        offsets = array("I", _whole_words(source.at(table_at, count * 4)))
        missing = _described_end(source.exactly(facts.start, 52)) - (facts.end - facts.start)
        there = samples if missing <= 0 else min(_ape_samples(offsets, facts.end - facts.start, in_frame), samples)
    facts.hold(there / rate, samples / rate)


def _ape_samples(offsets: array[int], end: int, in_frame: int) -> int:
    """The samples in frames that are there up to ``end``; of the one that is cut off a part counts."""
    for number, (begin, after) in enumerate(zip(offsets, offsets[1:], strict=False)):
        if after > end:
            part = (end - begin) / (after - begin) if begin < end else 0
            return int((number + part) * in_frame)
    return max(len(offsets) - 1, 0) * in_frame


def _described_end(descriptor: bytes) -> int:
    """The size that the file has at least, by its descriptor."""
    own, header, table, wav, low, high = struct.unpack_from("<IIIIII", descriptor, 8)
    return int(own + header + table + wav + low + (high << 32))


def read_dsf(facts: Facts) -> None:
    """Read a DSF file, and the ID3 tag that its header points at."""
    source = facts.source
    (tag_at,) = struct.unpack_from("<Q", source.exactly(facts.start, 28), 20)
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
    if tag_at:
        facts.attempt("its ID3 tag", lambda: id3.read(facts, facts.start + tag_at))


def _whole_words(data: bytes) -> bytes:
    return data[: len(data) & ~3]
