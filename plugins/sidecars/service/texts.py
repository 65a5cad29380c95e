"""Converts text from files to the vocabulary's forms."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable

from viewra.types.values import Value

MAX_CHARACTERS = 2000
MAX_LINES_CHARACTERS = 15_000
MAX_BYTES = 60_000
"""Of all values of one field together: a host takes 64 KiB."""
MAX_VALUES = 4000
"""Of one field: a host takes 4,096."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")


def clean(text: str) -> str:
    """Return one line of ``text`` without control characters, in Unicode's composed form."""
    plain = unicodedata.normalize("NFC", _CONTROLS.sub(" ", text[: 4 * MAX_CHARACTERS]))
    return " ".join(plain.split())[:MAX_CHARACTERS].rstrip()


def lines(text: str) -> str:
    """Return ``text`` without control characters but line ends, in Unicode's composed form."""
    plain = re.sub(r"\r\n?", "\n", text[: 4 * MAX_LINES_CHARACTERS])
    plain = unicodedata.normalize("NFC", _CONTROLS_BUT_LINES.sub(" ", plain))
    return plain.strip()[:MAX_LINES_CHARACTERS].rstrip()


def file_name(name: str) -> str:
    """Return a file's name or path as it is, "" where it cannot be given without changing it."""
    return name if not _CONTROLS.search(name) and name == name.strip() and len(name) <= MAX_CHARACTERS else ""


def several(values: Iterable[str]) -> Value:
    """Return the distinct values that are not empty: one as a text, several as a list, "" where there is none.

    Those that a host would not take any more are left out.
    """
    found: dict[str, None] = {}
    size = 0
    for value in values:
        if value and value not in found:
            size += len(value.encode()) + 2
            if size > MAX_BYTES or len(found) == MAX_VALUES:
                break
            found[value] = None
    return list(found) if len(found) > 1 else "".join(found)


def number(text: str, most_digits: int = 10) -> str:
    """Return a whole number above zero without leading zeros, "" for anything else, and for one of more digits."""
    digits = text.strip().lstrip("0")
    return digits if len(digits) <= most_digits and re.fullmatch(r"[1-9][0-9]*", digits) else ""


def ordinal(text: str) -> str:
    """Return a whole number from 0 to 99,999 without leading zeros, "" for anything else."""
    return str(int(text)) if re.fullmatch(r"[0-9]{1,5}", text.strip()) else ""


def date(text: str) -> str:
    """Return a day where it is a real one, else the month or year that begins the text, "" for anything else."""
    match = re.match(r"([12][0-9]{3})(?:-(0[1-9]|1[0-2])(?:-([0-3][0-9]))?)?(?![0-9])", text.strip())
    if match is None:
        return ""
    parts = [part for part in match.groups() if part]
    if len(parts) == 3 and not 1 <= int(parts[2]) <= calendar.monthrange(int(parts[0]), int(parts[1]))[1]:
        parts.pop()
    return "-".join(parts)


def seconds(value: float) -> str:
    """Return seconds with three decimals, "" below zero and above what the form holds."""
    return f"{value:.3f}" if 0 <= value < 99_999_999 else ""
