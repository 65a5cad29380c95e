"""Reads the properties of the audio itself: codec, duration, rates. Units: docs/vocabulary.md."""

from __future__ import annotations

import math
from typing import Any

from . import riff
from .formats import AIFF, DSF, MP3, MP4, WAV, Format
from .source import AudioFileError, Source

MP4_CODECS = {
    "mp4a.40": "aac", "mp4a.67": "aac", "mp4a.69": "mp3", "mp4a.6B": "mp3", "mp4a": "aac", "alac": "alac",
    "Opus": "opus", "fLaC": "flac", "ac-3": "ac3", "ec-3": "eac3",
}  # fmt: skip
WAV_CODECS = {1: "pcm", 3: "pcm", 0xFFFE: "pcm", 6: "alaw", 7: "mulaw", 2: "adpcm", 0x11: "adpcm", 0x55: "mp3"}
"""By the format tag of a WAV file; 0xFFFE points at PCM in nearly every file that has it."""

LOSSLESS = frozenset({"flac", "alac", "pcm", "ape", "wavpack", "tta", "dsd"})
"""Codecs of which a sample has a size; for the others mutagen's number means nothing."""

MAX_SECONDS = 10_000_000
"""Beyond that a duration is a wrong header, not music."""

MAX_NUMBER = 1_000_000_000
"""Likewise for a rate in bits or samples a second."""


def properties(form: Format, file: Any, source: Source) -> dict[str, str]:
    """Return the stream fields of a parsed file, leaving out what is unknown; raises ``AudioFileError``."""
    info = file.info
    if form is MP3 and info.sketchy and info.frame_offset and not file.tags:
        raise AudioFileError("too few MPEG frames follow one another")
    codec = codec_of(form, info)
    seconds = _number(getattr(info, "length", 0))
    bitrate = _number(getattr(info, "bitrate", 0))
    if form is WAV:
        held = riff.audio_bytes(source)
        if held is not None and bitrate and codec == "pcm":
            seconds = held * 8 / bitrate
    elif form in (AIFF, DSF) and codec in LOSSLESS and seconds * bitrate / 8 > source.size:
        raise AudioFileError(f"it claims {seconds:.0f} s of audio, which would not fit into its {source.size:,} bytes")
    if seconds > MAX_SECONDS:
        seconds = 0.0
    if not bitrate and seconds:
        bitrate = source.size * 8 / seconds
    numbers = {
        "bitrate": bitrate,
        "sample_rate": 48_000 if codec == "opus" else getattr(info, "sample_rate", 0),
        "channels": getattr(info, "channels", 0),
        "bits_per_sample": getattr(info, "bits_per_sample", 0) if codec in LOSSLESS else 0,
    }
    fields = {name: str(round(value)) for name, raw in numbers.items() if 1 <= (value := _number(raw)) <= MAX_NUMBER}
    if not seconds and "sample_rate" not in fields:
        raise AudioFileError(f"the {form.name} file holds no audio")
    if codec:
        fields["codec"] = codec
    if seconds:
        fields["duration"] = f"{seconds:.3f}"
    return fields


def codec_of(form: Format, info: Any) -> str:
    """Return the codec's name in lower case, "" when it is none that has one here."""
    if form is MP3:
        return f"mp{info.layer}"
    if form is MP4:
        return MP4_CODECS.get(info.codec) or MP4_CODECS.get(info.codec[:7], "")
    if form is WAV:
        return WAV_CODECS.get(info.audio_format, "")
    return form.codec


def _number(value: Any) -> float:
    """Return ``value`` where it is a finite number above zero, else 0."""
    number = float(value or 0)
    return number if math.isfinite(number) and number > 0 else 0.0
