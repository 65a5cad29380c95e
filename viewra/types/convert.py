"""Converters that several values share."""

from __future__ import annotations

from collections.abc import Iterable


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """Texts in whatever an author gave, a list for example, as a tuple."""
    return tuple(values)
