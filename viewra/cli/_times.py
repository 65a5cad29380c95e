"""Formats stored times for tables and JSON."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(microseconds: int) -> str:
    """A time in microseconds since the epoch, in ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
