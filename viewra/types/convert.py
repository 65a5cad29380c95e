"""Converters that several values share."""

from __future__ import annotations

from collections.abc import Iterable


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """The texts of any iterable, such as an author's list, as a tuple."""
    return tuple(values)
