"""Checks whether the clock of an MPEG stream is continuous, because libav derives the duration from its two ends.

Joined recordings and films from DVDs restart the clock in the middle, so its ends do not give the duration.
"""

from __future__ import annotations

import itertools
import re

from .source import Source

LOOKS = 9
"""At how many places, evenly spread, the clock is read."""

WINDOW = 256 << 10
"""How many bytes are searched for a clock at each place: a transport stream has one every 0.1 s."""

HERTZ = 90_000
WRAP = 1 << 33

_PACK = re.compile(rb"\0\0\x01\xba([\x44-\x7f].{4}|[\x21-\x2f].{4})", re.DOTALL)
_SYNC = {188: re.compile(rb"(?=G.{187}G.{187}G)", re.DOTALL), 192: re.compile(rb"(?=G.{191}G.{191}G)", re.DOTALL)}


def run_through(source: Source, form: str, seconds: float) -> bool:
    """Whether the clock only grows from the start to the end, and by about ``seconds``."""
    if not seconds:
        return False
    last_place = max(0, source.size - WINDOW)
    places = sorted({last_place * look // (LOOKS - 1) for look in range(LOOKS)})
    program: int | None = None
    times = []
    for place in places:
        content = source.at(place, WINDOW)
        if form == "mpeg":
            time = _pack_clock(content)
        else:
            program, time = _program_clock(content, program)
        if time is not None:
            times.append(time)
    if len(times) < 2:
        return len(places) == 1  # a file of one window has nothing in its middle
    steps = [(later - earlier) % WRAP / HERTZ for earlier, later in itertools.pairwise(times)]
    return all(step <= seconds for step in steps) and sum(steps) <= seconds * 1.02 + 2


def _pack_clock(content: bytes) -> int | None:
    """The system clock reference of the first pack header of a program stream (ISO 13818-1, 2.5.3.3; ISO 11172-1)."""
    match = _PACK.search(content)
    if match is None:
        return None
    bits = int.from_bytes(match[1], "big")
    if match[1][0] & 0xC0 == 0x40:  # MPEG-2: 2 bits, then 3, 15 and 15 with a marker between
        return (bits >> 35 & 7) << 30 | (bits >> 19 & 0x7FFF) << 15 | bits >> 3 & 0x7FFF
    return (bits >> 33 & 7) << 30 | (bits >> 17 & 0x7FFF) << 15 | bits >> 1 & 0x7FFF


def _program_clock(content: bytes, program: int | None) -> tuple[int | None, int | None]:
    """The first program clock reference (ISO 13818-1, 2.4.3.5) of the packets of ``program``, or of the first found."""
    for size, sync in _SYNC.items():
        start = sync.search(content)
        if start is None:
            continue
        for at in range(start.start(), len(content) - 12, size):
            if content[at] != 0x47:
                break
            if content[at + 3] & 0x20 and content[at + 4] >= 7 and content[at + 5] & 0x10:
                number = (content[at + 1] & 0x1F) << 8 | content[at + 2]
                if program is None or number == program:
                    return number, int.from_bytes(content[at + 6 : at + 11], "big") >> 7
    return program, None
