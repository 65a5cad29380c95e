"""Reads where a photo was taken, in decimal degrees and metres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL.ExifTags import GPS

from .values import real

BELOW_SEA = 1
HIGHEST, LOWEST = 100_000, -12_000


def fields(tags: Mapping[int, Any]) -> dict[str, str]:
    """Return ``latitude``, ``longitude`` and ``altitude``, without those that are absent or out of their range.

    Cameras without reception write zeros: a place of exactly 0, 0 counts as none.
    """
    latitude = _degrees(tags.get(GPS.GPSLatitude), tags.get(GPS.GPSLatitudeRef), "NS", 90)
    longitude = _degrees(tags.get(GPS.GPSLongitude), tags.get(GPS.GPSLongitudeRef), "EW", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return {}
    found = {"latitude": f"{latitude:.6f}", "longitude": f"{longitude:.6f}"}
    altitude = real(tags.get(GPS.GPSAltitude))
    if altitude is not None:
        below = tags.get(GPS.GPSAltitudeRef) in (BELOW_SEA, bytes([BELOW_SEA]))
        altitude = -altitude if below else altitude
        if LOWEST <= altitude <= HIGHEST:
            found["altitude"] = f"{altitude:.1f}"
    return found


def _degrees(parts: Any, side: Any, sides: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one number, negative for the second of the two sides."""
    if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3 or not isinstance(side, str):
        return None
    letter = side.strip("\0 ").upper()
    numbers = [real(part) for part in parts]
    if len(letter) != 1 or letter not in sides or any(part is None or part < 0 for part in numbers):
        return None
    whole = sum(part / 60**place for place, part in enumerate(numbers) if part is not None)
    return None if whole > most else -whole if letter == sides[1] else whole
