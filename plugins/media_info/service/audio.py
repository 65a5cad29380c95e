"""Reads the properties of the main audio stream. Units: docs/vocabulary.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from av.error import FFmpegError
from av.stream import Disposition

from .codecs import bits_per_sample, name_of
from .source import MediaFileError
from .timing import ROOM, Timing
from .wavpack import Sound

MPEG = frozenset({"mp1", "mp2", "mp3"})
MONO = 3
"""The mode of one channel in a frame's header (ISO 11172-3, 2.4.2.3)."""

MAX_BITS = 64
"""Bits of a sample at most, of any codec."""

MOST = {"bitrate": 1_000_000_000, "sample_rate": 100_000_000, "channels": 1024, "bits_per_sample": MAX_BITS}
"""Beyond that a number is a damaged header."""


def main_stream(streams: Sequence[Any]) -> Any | None:
    """Return the stream that a player plays: the first that is marked as the default, else the first; None of none."""
    known = [stream for stream in streams if stream.codec_context is not None]
    marked = [stream for stream in known if stream.disposition & Disposition.default]
    return next(iter(marked or known), None)


def fields(stream: Any, wave: Sound | None = None) -> dict[str, str]:
    """Return the fields of an audio stream, leaving out what is not known; ``wave`` is what WavPack's blocks state."""
    context = stream.codec_context
    libav = context.codec.canonical_name
    channels = context.channels
    rate = _rate(libav, context.sample_rate)
    if wave is not None:
        channels = wave.channels or channels
        rate = rate * 8 if wave.is_dsd else rate
    found = {"codec": name_of(libav)}
    if stream.profile:
        found["audio_profile"] = stream.profile
    layout = context.layout.name
    if context.channels == channels and channels and " " not in layout:  # "3 channels", "1 channels (FL)"
        found["channel_layout"] = layout
    return found | _numbers(
        sample_rate=rate,
        channels=channels,
        bitrate=context.bit_rate or 0,
        bits_per_sample=bits_per_sample(libav, bytes(context.extradata or b"")),
    )


def average(first: Any | None, size: int, time: Timing) -> dict[str, str]:
    """Return the average bitrate of a file of ``size`` bytes with one audio stream alone; nothing if it is not known.

    ``first`` is its first packet. Tags and pictures before the audio do not count.
    """
    if not time.seconds:
        return {}
    if time.counted_bytes:
        return _numbers(bitrate=round(time.counted_bytes * 8 / time.seconds))
    if first is None or first.pos is None:
        return {}
    return _numbers(bitrate=round((size - first.pos) * 8 / time.seconds))


def is_possible(facts: Mapping[str, str], size: int, seconds: float) -> bool:
    """Whether a stated bitrate fits into a file of ``size`` bytes, and is no more than samples without loss take."""
    bitrate = int(facts["bitrate"])
    most = int(facts.get("sample_rate", 0)) * int(facts.get("channels", 0)) * MAX_BITS
    return bitrate * seconds / 8 <= size * ROOM and (not most or bitrate <= most)


def first_packet(container: Any, stream: Any) -> Any | None:
    """Return the first packet of a stream, None where there is none to be read."""
    try:
        return next((packet for packet in container.demux(stream) if packet.size), None)
    except (FFmpegError, MediaFileError):  # the headers are fine, the audio is not
        return None


def mpeg_channels(head: bytes) -> dict[str, str]:
    """Return the channels and their layout of the first frame of MPEG audio: libav has those of a later one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return {}
    if head[3] >> 6 == MONO:
        return {"channels": "1", "channel_layout": "mono"}
    return {"channels": "2", "channel_layout": "stereo"}


def _numbers(**values: int) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if 0 < value <= MOST[name]}


def _rate(libav: str, rate: int) -> int:
    """The rate as the vocabulary counts it: libav has bytes a second for DSD, and for Opus what it was made from."""
    if libav == "opus":
        return 48_000
    return rate * 8 if libav.startswith("dsd_") else rate
