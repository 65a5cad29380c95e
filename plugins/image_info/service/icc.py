"""Reads the name of an ICC profile: the text of its tag ``desc`` (ICC.1:2001, 6.4.32 and ICC.1:2022, 10.15)."""

from __future__ import annotations

from .texts import clean

MAX_TAGS = 200


def name(profile: bytes | None) -> str:
    """Return the profile's description in English or its first language; "" of none, or one that is damaged."""
    if not profile or len(profile) < 132:
        return ""
    count = min(int.from_bytes(profile[128:132], "big"), MAX_TAGS)
    for at in range(132, 132 + 12 * count, 12):
        if profile[at : at + 4] == b"desc":
            start, size = (int.from_bytes(profile[at + skip : at + skip + 4], "big") for skip in (4, 8))
            return clean(_text(profile[start : start + size]))
    return ""


def _text(tag: bytes) -> str:
    if tag[:4] == b"desc":  # version 2: a length, then ASCII
        return tag[12 : 12 + int.from_bytes(tag[8:12], "big")].decode("ascii", "replace")
    if tag[:4] != b"mluc":
        return ""
    count = min(int.from_bytes(tag[8:12], "big"), MAX_TAGS)
    records = [tag[at : at + 12] for at in range(16, 16 + 12 * count, 12)]
    record = next((one for one in records if one[:2] == b"en"), records[0] if records else b"")
    size, start = int.from_bytes(record[4:8], "big"), int.from_bytes(record[8:12], "big")
    return tag[start : start + size].decode("utf-16-be", "replace")
