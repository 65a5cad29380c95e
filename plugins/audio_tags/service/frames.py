"""Walks the frames of MPEG audio and of AAC in ADTS, whose sum is the duration of the existing audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .source import Source

BLOCK = 256 * 1024
"""Bytes that are read at a time."""

MAX_WALK = 40 * 1024 * 1024
"""Bytes whose frames are counted; the rest of a longer file is taken to be like them."""

PLACES = 8
"""Places in a file at which a constant bit rate is checked."""

WINDOW = 8 * 1024
"""Bytes that are read at such a place: frames of the largest kind are under 3 KB."""

BITRATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by version (2 for 2.5 as well) and layer, then by code; 0: the bit rate is not stated."""

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates by the version's two bits, then by code."""

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class Frame(NamedTuple):
    """A frame's header: its size in bytes, its samples, and what all frames of a stream have in common."""

    size: int
    samples: int
    kind: tuple[int, int, int]
    """Version, layer and sample rate."""
    bitrate: int = 0
    channels: int = 0


Parse = Callable[[bytes, int], Frame | None]
"""A function that reads the header at an offset of some bytes; None when there is none."""


@dataclass
class Total:
    """The sums of a stream's frames."""

    frames: int = 0
    samples: int = 0
    size: int = 0
    """Bytes of the frames themselves."""
    passed: int = 0
    """Bytes that were examined."""
    is_cut: bool = False
    """Whether the stream ends within a frame."""


def mpeg(data: bytes, at: int) -> Frame | None:
    """Read the header of a frame of MPEG audio."""
    if len(data) < at + 4:
        return None
    return _mpeg(int.from_bytes(data[at : at + 4], "big") & 0xFFFE_FEC0)


@lru_cache(maxsize=4096)
def _mpeg(word: int) -> Frame | None:
    version, layer, code, rate = word >> 19 & 3, 4 - (word >> 17 & 3), word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or version == 1 or layer == 4 or code in {0, 15} or rate == 3:
        return None
    sample_rate = RATES[version][rate]
    bitrate = BITRATES[1 if version == 3 else 2, layer][code] * 1000
    padding = word >> 9 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    if layer == 1:
        size = (12 * bitrate // sample_rate + padding) * 4
    else:
        size = samples // 8 * bitrate // sample_rate + padding
    return Frame(size, samples, (version, layer, sample_rate), bitrate, 1 if word >> 6 & 3 == 3 else 2)


def adts(data: bytes, at: int) -> Frame | None:
    """Read the header of a frame of AAC in ADTS."""
    head = data[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(AAC_RATES) or size < 7:
        return None
    channels = (head[2] & 1) << 2 | head[3] >> 6
    samples = ((head[6] & 3) + 1) * 1024
    return Frame(size, samples, (head[1] & 8, head[2] >> 6, AAC_RATES[rate]), channels=8 if channels == 7 else channels)


def find(data: bytes, at: int, parse: Parse, kind: tuple[int, int, int] | None) -> int:
    """Return where the first frame of ``kind`` begins that another one follows, or that ends ``data``; -1 without."""
    while (at := data.find(b"\xff", at)) >= 0:
        frame = parse(data, at)
        if frame and (kind is None or frame.kind == kind):
            after = parse(data, at + frame.size)
            if (after and after.kind == frame.kind) or (kind and at + frame.size == len(data)):
                return at
        at += 1
    return -1


def walk(source: Source, start: int, end: int, parse: Parse, kind: tuple[int, int, int]) -> Total:
    """Add up the whole frames of ``kind`` between two offsets, up to ``MAX_WALK`` bytes of them."""
    total = Total()
    at = start
    stop = min(end, start + MAX_WALK)
    while at + 4 <= stop:
        data = source.at(at, min(BLOCK, end - at))
        if len(data) < 4:
            break
        position = _walk_block(data, parse, kind, total)
        frame = parse(data, position)
        total.is_cut = frame is not None and frame.kind == kind and at + position + frame.size > end
        if position == 0 or total.is_cut:
            break
        at += position
    total.passed = min(at, end) - start
    return total


def _walk_block(data: bytes, parse: Parse, kind: tuple[int, int, int], total: Total) -> int:
    """Add up the frames of one block; returns how far it was understood, 0 when that is nowhere."""
    at = 0
    size = len(data)
    while at + 7 <= size:
        frame = parse(data, at)
        if frame is None or frame.kind != kind:
            found = find(data, at + 1, parse, kind)
            if found < 0:
                return max(at, size - WINDOW) if size > WINDOW else 0
            at = found
            continue
        if at + frame.size > size:
            return at
        total.frames += 1
        total.samples += frame.samples
        total.size += frame.size
        at += frame.size
    return at


def constant_bitrate(source: Source, start: int, end: int, kind: tuple[int, int, int], bitrate: int) -> bool:
    """Whether sampled frames all over the file have this bit rate."""
    step = (end - start) // PLACES
    for place in range(PLACES):
        data = source.at(start + place * step, min(WINDOW, end - start - place * step))
        at = find(data, 0, mpeg, kind)
        if at < 0:
            return False
        while (frame := mpeg(data, at)) and frame.kind == kind:
            if frame.bitrate != bitrate:
                return False
            at += frame.size
    return True
