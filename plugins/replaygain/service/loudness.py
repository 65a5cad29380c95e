"""Computes integrated loudness from that of short blocks, by EBU R128 (ITU-R BS.1770-4), and gains from it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import attrs

SILENCE_LUFS = -70.0
"""Blocks below this, the absolute gate, do not count."""
_RELATIVE_GATE_LU = 10.0


@attrs.frozen
class Measured:
    """A track: how many of its blocks of 400 ms have which loudness in LUFS, and its highest sample (1: full scale)."""

    blocks: Counter[float]
    peak: float


def integrated(tracks: Iterable[Measured]) -> float | None:
    """The integrated loudness of all tracks together in LUFS; None where all is silence."""
    blocks: Counter[float] = Counter()
    for track in tracks:
        blocks.update(track.blocks)
    heard = {lufs: count for lufs, count in blocks.items() if lufs > SILENCE_LUFS}
    if not heard:
        return None
    gate = _mean(heard) - _RELATIVE_GATE_LU
    return _mean({lufs: count for lufs, count in heard.items() if lufs > gate})


def _mean(blocks: dict[float, int]) -> float:
    """The loudness of the mean energy."""
    energy = math.fsum(count * 10 ** (lufs / 10) for lufs, count in blocks.items())
    return 10 * math.log10(energy / sum(blocks.values()))


def gain(lufs: float, reference_lufs: float) -> str:
    """The gain that leads to the reference, as metadata has it."""
    return f"{reference_lufs - lufs:.2f} dB"


def peak(value: float) -> str:
    """A peak, as metadata has it."""
    return f"{value:.6f}"
