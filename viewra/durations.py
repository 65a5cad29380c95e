"""Lengths of time as people write them: ``30d``, ``12h``, ``0``."""

from __future__ import annotations

import re

from viewra.errors import UsageError

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])?")
_LONGEST_S = 36_500 * 86_400


def parse_duration(text: str) -> int:
    """Seconds in a text such as ``30d``, ``12h``, ``0``. Raises ``UsageError``."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not (match[2] or int(match[1]) == 0):
        raise UsageError(f"{text!r} is not a duration", hint="write a number with s, m, h, d or w: for example 30d")
    seconds = int(match[1]) * _UNITS_S[match[2] or "s"]
    if seconds > _LONGEST_S:
        raise UsageError(f"{text!r} is too long", hint="write at most 36500d")
    return seconds


def duration_text(seconds: int) -> str:
    """A duration as ``parse_duration`` reads it, in the largest unit that gives a whole number."""
    unit = next(unit for unit in "wdhms" if seconds % _UNITS_S[unit] == 0)
    return f"{seconds // _UNITS_S[unit]}{unit}" if seconds else "0"
