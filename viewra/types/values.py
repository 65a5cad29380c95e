"""The values of metadata fields: one text or several. Fast to import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Value = str | Sequence[str]
"""The value of one field: a text, or at least two texts."""

JOIN = "; "
"""Separates several values in one text, as MusicBrainz Picard shows them."""


def joined(value: Value) -> str:
    """Return a value as one text: ``a; b`` for several."""
    return value if isinstance(value, str) else JOIN.join(value)


def joined_fields(metadata: Mapping[str, Value]) -> dict[str, str]:
    """Return metadata with one text for each field."""
    # ``type`` is quicker than ``joined``, for tens of fields of each file.
    return {field: value if type(value) is str else joined(value) for field, value in metadata.items()}
