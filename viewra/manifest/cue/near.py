"""Suggests the known name closest to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable

AT_MOST = 200
"""Names compared: thousands of names in a hostile text must not cost time."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is close enough, or None."""
    import difflib  # only on the way to an error, so it does not slow a start

    known = sorted(known)[:AT_MOST]
    found = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.75)
    return found[0] if found and found[0] != name else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``", did you mean …?"`` for the end of a message, or an empty text."""
    found = nearest(name, known)
    return f", did you mean {found}?" if found else ""
