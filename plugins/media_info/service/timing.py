"""Finds a file's duration, and tells where libav only guesses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av

from . import clocks
from .limits import Limits
from .source import MediaFileError, Source

GUESSED = "Estimating duration from bitrate"
PARTIAL = "partial file"
"""What libav warns of: a duration by size and bitrate, and an index that points behind the file's end."""

MAX_SECONDS = 10_000_000
"""Beyond that a duration is a damaged header."""

OF_CONSTANT_RATE = ("pcm_", "adpcm_")
"""Codecs of which size and rate give the exact duration."""

ROOM = 1.05
"""How much more than its size a file's stream may claim before the claim counts as false."""


def duration(
    container: Any, source: Source, warnings: str, limits: Limits, videos: Sequence[Any], sound: Any | None
) -> float:
    """Return the duration in seconds, 0 where it is not known."""
    codec = sound.codec_context.codec.canonical_name if sound is not None else ""
    seconds = (container.duration or 0) / av.time_base
    form = container.format.name
    if form in {"mpegts", "mpeg"}:
        seconds = seconds if clocks.run_through(source, form, seconds) else 0.0
    elif form == "asf":  # the container's own is later by the start of the first packet
        seconds = max((_of_stream(stream) for stream in container.streams), default=0.0) or seconds
    elif form == "ogg" and codec == "opus":
        seconds -= _pre_skip(sound)
    elif form == "dsf":  # the last block is padded
        seconds = _dsf_seconds(source.at(0, 72))
    if codec.startswith(OF_CONSTANT_RATE) and not videos:
        seconds = _at_most(seconds, sound.codec_context.bit_rate, source.size)
    elif PARTIAL in warnings:
        seconds = 0.0
    elif GUESSED in warnings or (form == "mp3" and _is_too_long(seconds, sound, source.size)):
        seconds = counted(container, sound, source, limits) if sound is not None and not videos else 0.0
    return seconds if 0 < seconds <= MAX_SECONDS else 0.0


def counted(container: Any, stream: Any, source: Source, limits: Limits) -> float:
    """Return the sum of all frames' durations; 0 where the file is too long to count and its frames differ in size.

    Frames all of one size, but for a byte or two of padding, make the rest of a long file as long as its beginning.
    """
    source.allow(min(limits.scan_bytes, source.size))
    ticks = size = 0
    sizes = set()
    try:
        for packet in container.demux(stream):
            if packet.size and packet.duration:
                ticks += packet.duration
                size += packet.size
                sizes.add(packet.size)
                if size >= limits.scan_bytes:
                    break
    except (MediaFileError, av.error.FFmpegError):  # out of time, or damaged
        return 0.0
    seconds = float(ticks * stream.time_base)
    if size < limits.scan_bytes:
        return seconds
    return seconds * source.size / size if max(sizes) - min(sizes) <= 2 else 0.0


def _of_stream(stream: Any) -> float:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0


def _pre_skip(sound: Any) -> float:
    """The samples that a decoder of Opus drops at the start (RFC 7845, 5.1), in seconds."""
    header = bytes(sound.codec_context.extradata or b"")
    return int.from_bytes(header[10:12], "little") / 48_000 if header[:8] == b"OpusHead" else 0.0


def _dsf_seconds(header: bytes) -> float:
    """The number of samples by their rate, from DSF's header (Sony, "DSF File Format Specification", 3)."""
    rate, samples = int.from_bytes(header[56:60], "little"), int.from_bytes(header[64:72], "little")
    return samples / rate if rate else 0.0


def _at_most(seconds: float, bitrate: int | None, size: int) -> float:
    """``seconds``, or the time of the bytes that are there, if they are fewer than the header claims."""
    return min(seconds, size * 8 / bitrate) if bitrate else seconds


def _is_too_long(seconds: float, sound: Any | None, size: int) -> bool:
    """Whether a header claims more audio than the file has bytes for: the file's end is missing."""
    bitrate = sound.codec_context.bit_rate if sound is not None else 0
    return bool(bitrate) and seconds * bitrate / 8 > size * ROOM
