"""Keys by which the catalogue compares and sorts names: folded text, short enough for every database's indexes."""

from __future__ import annotations

import hashlib

from viewra.library.folding import fold

SEPARATOR = "\x1f"
"""Stands between the parts of a key; it is in no metadata."""

MAX_KEY_CHARACTERS = 200
"""PostgreSQL bounds an entry of an index at 2.7 kB, and one character may take four bytes."""


def key_of(name: str) -> str:
    """Return what a name is compared by."""
    return bounded(fold(name))


def bounded(key: str) -> str:
    """Return a key that an index can hold: a long one ends with its hash."""
    if len(key) <= MAX_KEY_CHARACTERS:
        return key
    return key[: MAX_KEY_CHARACTERS - 65] + SEPARATOR + hashlib.sha256(key.encode()).hexdigest()


def sort_key(name: str) -> str:
    """Return what a name is sorted by."""
    return fold(name)[:MAX_KEY_CHARACTERS]
