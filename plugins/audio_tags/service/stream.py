"""Makes the fields of the audio's properties, and leaves out implausible values. Units: docs/vocabulary.md."""

from __future__ import annotations

import math

from .facts import Facts
from .source import AudioFileError

LOSSLESS = frozenset({"flac", "alac", "pcm", "ape", "wavpack", "tta", "dsd"})
"""Codecs of which a sample has a size."""

SHORTEST = 0.0005
"""Seconds; less is nothing, with three decimals."""

LEAST_BITRATE = 10
"""Bits a second that any audio takes: silence without loss takes twice as much."""

MAX_SECONDS = 10_000_000
"""Beyond that a duration is a wrong header, not music."""

MAX_BITRATE, MAX_RATE = 1_000_000_000, 100_000_000
"""Likewise for a rate in bits, or samples, a second."""

MAX_CHANNELS = 1024
MAX_BITS = 64

IMPLAUSIBLE = 20
"""Factor above the file's bit rate from which neither the header's nor the file's bit rate is plausible."""

SLACK = 1.05
"""How much more than the file holds a bit rate may claim: it may count what containers add."""


def properties(facts: Facts, name: str) -> dict[str, str]:
    """Return the stream fields; raises ``AudioFileError`` when the ``name`` file holds no audio."""
    seconds = _positive(facts.seconds or 0, MAX_SECONDS)
    bitrate = _positive(facts.bitrate, MAX_BITRATE)
    held = facts.audio_bytes if facts.audio_bytes is not None else facts.source.size
    if seconds * LEAST_BITRATE > facts.source.size * 8:
        facts.warn(f"its header claims {seconds:.3f} s of audio, more than the file can hold")
        seconds = 0.0
    most = facts.sample_rate * facts.channels * MAX_BITS
    if most and bitrate > most:
        bitrate = 0.0
    if seconds and held:
        average = held * 8 / seconds
        if bitrate > average * SLACK or not bitrate:
            # With several streams the bytes of each one are unknown.
            known = facts.audio_bytes is not None and bitrate < average * IMPLAUSIBLE
            bitrate = _positive(average, MAX_BITRATE) if known else 0.0
    numbers = {
        "bitrate": bitrate,
        "sample_rate": _positive(facts.sample_rate, MAX_RATE),
        "channels": _positive(facts.channels, MAX_CHANNELS),
        "bits_per_sample": _positive(facts.bits, MAX_BITS) if facts.codec in LOSSLESS else 0.0,
    }
    fields = {field: str(round(value)) for field, value in numbers.items() if value >= 1}
    if not seconds and "sample_rate" not in fields:
        raise AudioFileError(f"the {name} file holds no audio")
    if facts.codec:
        fields["codec"] = facts.codec
    if seconds >= SHORTEST:
        fields["duration"] = f"{seconds:.3f}"
    return fields


def _positive(value: float, most: float) -> float:
    """Return ``value`` where it is a finite number above zero and not above ``most``, else 0."""
    number = float(value)
    return number if math.isfinite(number) and 0 < number <= most else 0.0
