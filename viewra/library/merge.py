"""Makes one value a field of what several plugins said of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    for reading in sorted(readings, key=lambda reading: (-reading.read_at, reading.plugin_id)):
        for field, value in reading.values.items():
            if field not in merged:
                merged[field] = MetadataValue(value, reading.plugin_id)
    return merged
