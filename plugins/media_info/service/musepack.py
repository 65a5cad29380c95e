"""Reads the duration of Musepack SV8, which libav rounds down to whole packets of up to 1.7 seconds."""

from __future__ import annotations

from .source import Source

RATES = (44_100, 48_000, 37_800, 32_000)
MAX_PACKETS = 16


def seconds(source: Source, start: int) -> float:
    """Return the samples of the stream header less the silence in front, by their rate; 0 where it cannot be read."""
    at = start + 4
    for _ in range(MAX_PACKETS):
        head = source.at(at, 12)
        size, used = _number(head[2:])
        if len(head) < 3 or size < 2 + used:
            return 0.0
        if head[:2] == b"SH":
            body = source.at(at + 2 + used + 5, 32)  # behind a checksum and the version
            samples, first = _number(body)
            silence, second = _number(body[first:])
            rate = body[first + second : first + second + 1]
            if not first or not second or not rate or rate[0] >> 5 >= len(RATES):
                return 0.0
            return max(0, samples - silence) / RATES[rate[0] >> 5]
        at += size
    return 0.0


def _number(data: bytes) -> tuple[int, int]:
    """A number of seven bits a byte, and how many bytes it took; (0, 0) when it is none."""
    value = 0
    for used, byte in enumerate(data[:10], 1):
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, used
    return 0, 0
