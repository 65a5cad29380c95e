"""Which whole numbers a database compares with its own."""

from __future__ import annotations


def is_id(number: int) -> bool:
    """Whether a row may have a number as its id: beyond 64 bits SQLite's driver and PostgreSQL raise errors."""
    return 0 < number < 2**63
