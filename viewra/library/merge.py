"""Makes one value a field of what several plugins said of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from viewra.types import MetadataValue


@attrs.frozen
class Reading:
    """What one plugin last read from one file; ``read_at`` in microseconds since the epoch."""

    plugin_id: str
    read_at: int
    values: Mapping[str, str]


def merge(readings: Iterable[Reading]) -> dict[str, MetadataValue]:
    """For each field the newest reading that has it; of two read at the same moment the one of the first plugin id."""
    merged: dict[str, MetadataValue] = {}
    for reading in _best_first(readings):
        for field, value in reading.values.items():
            if field not in merged:
                merged[field] = MetadataValue(value, reading.plugin_id)
    return merged


def pick(readings: Iterable[Reading], fields: Sequence[str]) -> dict[str, str]:
    """Only the values of some fields, as ``merge`` has them; ``""`` where nobody said any."""
    ordered = _best_first(readings)
    return {field: next((one.values[field] for one in ordered if field in one.values), "") for field in fields}


def _best_first(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda reading: (-reading.read_at, reading.plugin_id))
