"""Facts that WavPack's first blocks state, and libav takes from the very first alone (WavPack 5, "Block header")."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .source import Source

HEADER = 32
MONO, INITIAL, FINAL, DSD = 1 << 2, 1 << 11, 1 << 12, 1 << 31

MAX_BLOCKS = 128
"""Blocks that one frame may have: two channels each, and more than any layout needs."""


@dataclass(frozen=True)
class Sound:
    """The channels of a frame, 0 where they cannot be counted, and whether its samples are of one bit."""

    channels: int = 0
    is_dsd: bool = False


def sound(source: Source, start: int) -> Sound:
    """Return what the blocks of the first frame state; that begins at ``start``."""
    at, channels, is_dsd = start, 0, False
    for _ in range(MAX_BLOCKS):
        head = source.at(at, HEADER)
        if len(head) < HEADER or head[:4] != b"wvpk":
            break
        size, samples, flags = (struct.unpack_from("<I", head, place)[0] for place in (4, 20, 24))
        at += 8 + size
        if not samples:  # a block of tags or of a wrapped header
            continue
        if not channels and not flags & INITIAL:
            break
        channels += 1 if flags & MONO else 2
        is_dsd = is_dsd or bool(flags & DSD)
        if flags & FINAL:
            return Sound(channels, is_dsd)
    return Sound(is_dsd=is_dsd)
