"""Makes the keys by which the catalogue compares and sorts names: folded text, short enough for indexes."""

from __future__ import annotations

import hashlib

from viewra.library.folding import fold

SEPARATOR = "\x1f"
"""Separates the parts of a key; no metadata contains it."""

MAX_KEY_CHARACTERS = 200
"""PostgreSQL limits an index entry to 2.7 kB, and one character may take four bytes."""

NOT_YET = 2**62
"""From here on ids stand for rows that are still to be made; they come after all that there are."""


def key_of(name: str) -> str:
    """Return the key for comparing names."""
    return bounded(fold(name))


def bounded(key: str) -> str:
    """Return a key short enough for an index: a long one is cut and ends with its hash."""
    if len(key) <= MAX_KEY_CHARACTERS:
        return key
    return key[: MAX_KEY_CHARACTERS - 65] + SEPARATOR + hashlib.sha256(key.encode()).hexdigest()


def sort_key(name: str) -> str:
    """Return the key for sorting names."""
    return fold(name)[:MAX_KEY_CHARACTERS]
