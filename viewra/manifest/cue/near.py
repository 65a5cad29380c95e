"""Suggests the known name that a mistyped one probably means."""

from __future__ import annotations

from collections.abc import Iterable

AT_MOST = 200
"""Names compared: a hostile text must not buy time with thousands of them."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is close enough to be meant, or None."""
    import difflib  # only on the way to an error; start-up stays light

    known = sorted(known)[:AT_MOST]
    found = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.75)
    return found[0] if found and found[0] != name else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``", did you mean …?"`` for the end of a message, or nothing."""
    found = nearest(name, known)
    return f", did you mean {found}?" if found else ""
