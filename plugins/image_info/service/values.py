"""Converts values of EXIF to the vocabulary's forms, invalid ones to ""."""

from __future__ import annotations

import math
import re
from datetime import datetime

_MOMENT = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
FIRST_PHOTO, LAST_YEAR = 1826, 2099
"""Plausible years of a photo; others come from a clock that was never set, or from damage."""

_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def real(value: object) -> float | None:
    """Return a finite number; the first of several; None of anything else, such as a fraction over zero."""
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        result = float(value)  # type: ignore[arg-type]  # fractions of Pillow, ints, and who knows what
    except (TypeError, ValueError, ArithmeticError):
        return None
    return result if math.isfinite(result) else None


def number(value: object, least: float, most: float, digits: int) -> str:
    """Return a number from ``least`` to ``most``, with at most ``digits`` decimals; below 1 one decimal is two."""
    result = real(value)
    if result is None or not least <= result <= most:
        return ""
    if digits == 1 and result < 1:  # an aperture of f/0.95
        digits = 2
    text = f"{result:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return text if text.strip("0.") else ""


def moment(time: object, offset: object) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS``, with the offset from UTC where it is known; "" of one that never was."""
    match = _MOMENT.match(time.strip()) if isinstance(time, str) else None
    if match is None:
        return ""
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        result = datetime(year, month, day, hour, minute, second).isoformat()  # noqa: DTZ001  (cameras have no time zone)
    except ValueError:
        return ""
    if not FIRST_PHOTO <= year <= LAST_YEAR:
        return ""
    zone = _OFFSET.match(offset.strip()) if isinstance(offset, str) else None
    return result + (zone[0] if zone else "")
