"""The facts of the main audio stream. Units: docs/vocabulary.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from av.error import FFmpegError
from av.stream import Disposition

from .codecs import bits_per_sample, name_of
from .source import MediaFileError
from .timing import Timing

MAX_NUMBER = 10_000_000_000
"""Beyond that a number is a damaged header."""


def main_stream(streams: Sequence[Any]) -> Any | None:
    """Return the stream that a player plays: the first that is marked as the default, else the first; None of none."""
    known = [stream for stream in streams if stream.codec_context is not None]
    marked = [stream for stream in known if stream.disposition & Disposition.default]
    return next(iter(marked or known), None)


def fields(stream: Any) -> dict[str, str]:
    """Return the fields of an audio stream, leaving out what is not known."""
    context = stream.codec_context
    libav = context.codec.canonical_name
    found = {"codec": name_of(libav)}
    if stream.profile:
        found["audio_profile"] = stream.profile
    layout = context.layout.name
    if context.channels and not layout.endswith("channels"):
        found["channel_layout"] = layout
    return found | _numbers(
        sample_rate=_rate(libav, context.sample_rate),
        channels=context.channels,
        bitrate=context.bit_rate or 0,
        bits_per_sample=bits_per_sample(libav, bytes(context.extradata or b"")),
    )


def average(container: Any, stream: Any, size: int, time: Timing) -> dict[str, str]:
    """Return the average bitrate of a file of ``size`` bytes with one audio stream alone; nothing if it is not known.

    Tags and pictures before the audio do not count.
    """
    if not time.seconds:
        return {}
    if time.counted_bytes:
        return _numbers(bitrate=round(time.counted_bytes * 8 / time.seconds))
    try:
        first = next(container.demux(stream), None)
    except (FFmpegError, MediaFileError):  # the headers are fine, the audio is not
        return {}
    if first is None or first.pos is None:
        return {}
    return _numbers(bitrate=round((size - first.pos) * 8 / time.seconds))


def _numbers(**values: int) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if 0 < value <= MAX_NUMBER}


def _rate(libav: str, rate: int) -> int:
    """The rate as the vocabulary counts it: libav has bytes a second for DSD, and for Opus what it was made from."""
    if libav == "opus":
        return 48_000
    return rate * 8 if libav.startswith("dsd_") else rate
