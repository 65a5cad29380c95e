"""Parses the values in a query: numbers with units, durations, dates and ages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(k|m|g|t|ki|mi|gi|ti)?(b|hz|bps|bit/s)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")
_AGE = re.compile(r"(\d+)\s*(s|m|h|d|w|mo|y)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{2}):(\d{2}))?)?)?")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_FIRST = (1, 1, 1, 0, 0)
"""The first year, month, day, hour and minute."""
LONGEST_QUOTE = 60
_LONGEST_AGE_S = 10_000 * 365 * 86_400
_AGES_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 30 * 86_400, "y": 365 * 86_400}


def number(text: str) -> float | None:
    """Read ``256000``, ``320k``, ``1.5GB`` (1000³ bytes), ``1.5GiB``, and ``4:30`` or ``1:02:03`` as seconds."""
    # Not with floats: 2.3 * 1000 ** 2 is less than 2300000.
    if (clock := _CLOCK.fullmatch(text)) is not None:
        hours, minutes, seconds = clock.groups()
        return float(Decimal(hours or 0) * 3600 + Decimal(minutes) * 60 + Decimal(seconds))
    match = _NUMBER.fullmatch(text)
    return float(Decimal(match[1]) * _UNITS[(match[2] or "").lower()]) if match is not None else None


@attrs.frozen
class Span:
    """A time span from ``start`` inclusive to ``end`` exclusive, in microseconds since the epoch."""

    start: int
    end: int


def brief(text: str) -> str:
    """Return a typed text as an error quotes it."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def moment(text: str, now: datetime) -> Span | None:
    """Read a date (``2024``, ``2024-05``, ``2024-05-01``, with ``T12:30``) or an age (``7d``, ``3mo``).

    Dates are in the time zone of ``now``; if it has none, in this machine's, with its daylight saving time.
    """
    if (age := _AGE.fullmatch(text.lower())) is not None:
        then = _microseconds(now) - min(float(age[1]) * _AGES_S[age[2]], _LONGEST_AGE_S) * 1_000_000
        return Span(int(then), int(then))
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part is not None]
    try:
        year, month, day, hour, minute = (*parts, *_FIRST[len(parts) :])
        start = datetime(year, month, day, hour, minute, tzinfo=now.tzinfo)
        return Span(_microseconds(start), _microseconds(_after(start, len(parts))))
    except (ValueError, OverflowError):
        return None


def is_age(text: str) -> bool:
    """Whether a text is an age."""
    return _AGE.fullmatch(text.lower()) is not None


def yes_or_no(text: str) -> bool | None:
    """Read ``yes``, ``no``, ``true`` or ``false``; None for anything else."""
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())


def _after(start: datetime, parts: int) -> datetime:
    """Return the end of the year, month, day or minute that begins at ``start``."""
    if parts == 1:
        return start.replace(year=start.year + 1)
    if parts == 2:
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return start + (timedelta(days=1) if parts == 3 else timedelta(minutes=1))


def _microseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
