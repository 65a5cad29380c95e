"""Determines a file's duration, and detects when libav only guesses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import av

from . import clocks, ends, musepack
from .limits import Limits
from .source import MediaFileError, Source

GUESSED = "Estimating duration from bitrate"
"""What libav warns of when it divides the size by the bitrate."""

MIN_SECONDS, MAX_SECONDS = 0.0005, 10_000_000
"""Below that nothing is left of a duration in milliseconds; beyond it is a damaged header."""

OF_CONSTANT_RATE = ("pcm_", "adpcm_", "gsm")
"""Codecs of which size and rate give the exact duration."""

WMA = frozenset({"wmav1", "wmav2"})
CUT_OFF = "the file ends before the audio or video that its headers name"

OWN_CLOCKS = frozenset({"dsf", "mpc8"})
"""Formats whose duration is read from their headers here, whatever libav makes of them."""

START = 4096
"""How much of a file's beginning is searched for the signature of its format, behind tags."""

ROOM = 1.05
"""How much more than its size a file's stream may claim before the claim counts as false."""


@dataclass(frozen=True)
class Timing:
    """A duration in seconds, 0 where it is not known."""

    seconds: float = 0.0
    counted_bytes: int = 0
    """The bytes of its frames, where they were counted and differ in size, so that no header knows the bitrate."""
    warning: str = ""
    """Why it is not known, where the file is damaged."""
    size: int = 0
    """The bytes of its frames, where they were counted."""
    head: bytes = b""
    """The beginning of its first frame, where they were counted: then no packet is left to be read."""


def timing(
    container: Any, source: Source, warnings: str, limits: Limits, videos: Sequence[Any], sound: Any | None
) -> Timing:
    """Return how long the file is."""
    codec = sound.codec_context.codec.canonical_name if sound is not None else ""
    seconds = (container.duration or 0) / av.time_base
    form = container.format.name
    if form in {"mpegts", "mpeg"}:
        seconds = seconds if clocks.run_through(source, form, seconds) else 0.0
    elif form == "asf":  # the container's own is later by the start of the first packet
        seconds = max((_of_stream(stream) for stream in container.streams), default=0.0) or seconds
    elif form == "ogg" and codec == "opus":
        seconds -= _pre_skip(sound)
    elif form == "ogg" and not videos:  # what would be before the beginning is not played
        seconds += min(container.start_time or 0, 0) / av.time_base
    elif form == "dsf":  # the last block is padded
        seconds = _dsf_seconds(source.at(0, 72))
    elif form == "mpc8":
        seconds = musepack.seconds(source, max(source.at(0, START).find(b"MPCK"), 0))
    if sound is not None and codec.startswith(OF_CONSTANT_RATE) and not videos:
        seconds = _at_most(seconds, container, sound, source.size)
    elif ends.is_cut_off(container, source, None if videos else sound) or _lacks_wma(seconds, sound, source.size):
        return Timing(warning=CUT_OFF)
    elif form == "mp3" and _is_too_long(seconds, sound, source.size):
        found = count(container, sound, source, limits)
        return replace(found, counted_bytes=found.size)  # what is wrong about the time is wrong about the bitrate, too
    elif (GUESSED in warnings and form not in OWN_CLOCKS) or form in {"wav", "w64"}:
        return count(container, sound, source, limits) if sound is not None and not videos else Timing()
    return Timing(seconds) if MIN_SECONDS <= seconds <= MAX_SECONDS else Timing()


def count(container: Any, stream: Any, source: Source, limits: Limits) -> Timing:
    """Return the sum of all frames; nothing where the file is too long to count and its frames differ in size.

    Frames all of one size, but for a byte or two of padding, make the rest of a long file as long as its beginning.
    """
    source.allow(min(limits.scan_bytes, source.size))
    most = _most_bytes(stream)
    ticks = size = 0
    head = b""
    sizes: Counter[int] = Counter()
    try:
        for packet in container.demux(stream):
            if packet.size and packet.duration and (not most or packet.size <= most * packet.duration):
                head = head or bytes(packet)[:4]
                ticks += packet.duration
                size += packet.size
                sizes[packet.size] += 1
                if size >= limits.scan_bytes:
                    break
    except (MediaFileError, av.error.FFmpegError):  # out of time, or damaged
        return Timing()
    if not size:
        return Timing()
    seconds = float(ticks * stream.time_base)
    constant = _is_constant(sizes)
    if size >= limits.scan_bytes:
        seconds = seconds * source.size / size if constant else 0.0
    found = Timing(seconds, 0 if constant else size, size=size, head=head)
    return found if MIN_SECONDS <= seconds <= MAX_SECONDS else Timing()


def _most_bytes(stream: Any) -> float:
    """How many bytes a tick of MPEG audio takes at most, 0 of other codecs; what is larger holds garbage."""
    context = stream.codec_context
    if context.codec.canonical_name not in {"mp1", "mp2", "mp3"}:
        return 0.0
    # the highest rates of any layer (ISO 11172-3, 2.4.2.3; ISO 13818-3 for the low sample rates), and padding
    rate = 448_000 if context.sample_rate >= 32_000 else 256_000
    return float(rate / 8 * stream.time_base * 1.01)


def _is_constant(sizes: Counter[int]) -> bool:
    """Whether nearly all frames are of one size, but for padding; a frame with garbage behind it is larger."""
    ((usual, _),) = sizes.most_common(1)
    return sum(number for size, number in sizes.items() if abs(size - usual) <= 2) >= 0.9 * sizes.total()


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


def _at_most(seconds: float, container: Any, sound: Any, size: int) -> float:
    """``seconds``, or the time of the bytes that are there, if they are fewer than the header claims."""
    context = sound.codec_context
    # GSM 06.10 has 33 bytes for 160 samples, and libav does not always say so
    bitrate = context.sample_rate * context.channels * 33 * 8 / 160 if context.name == "gsm" else context.bit_rate
    if not bitrate or seconds * bitrate / 8 <= size:
        return seconds
    try:
        first = next((packet for packet in container.demux(sound) if packet.size), None)
    except (MediaFileError, av.error.FFmpegError):
        first = None
    begin = first.pos if first is not None and first.pos else size
    return min(seconds, float((size - begin) * 8 / bitrate))


def _is_too_long(seconds: float, sound: Any | None, size: int) -> bool:
    """Whether a header claims more audio than the file has bytes for: the file's end is missing."""
    bitrate = sound.codec_context.bit_rate if sound is not None else 0
    return bool(bitrate) and seconds * bitrate / 8 > size * ROOM


def _lacks_wma(seconds: float, sound: Any | None, size: int) -> bool:
    """Whether a file of WMA has not half of the bytes that its header, which states its highest rate, claims."""
    return sound is not None and sound.codec_context.name in WMA and _is_too_long(seconds, sound, size * 2)
