"""``retry_after_s``: how long the header ``Retry-After`` of an HTTP answer asks to wait."""

from __future__ import annotations

import time

LONGEST_S = 24 * 3600.0


def retry_after_s(text: str, *, now: float | None = None) -> float | None:
    """The seconds that ``Retry-After`` asks for (RFC 9110, section 10.2.3), from 0 to a day; None if it is neither.

    It is a number of seconds, or a date; ``now`` is the time in seconds since the epoch, by default this one.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_S)
    from email.utils import parsedate_to_datetime  # light start: few servers send a date, and its imports take long

    try:
        wished = parsedate_to_datetime(text).timestamp() - (time.time() if now is None else now)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, wished), LONGEST_S)
