"""Makes clean, bounded text of raw tag values: one text for each field, fit for the wire and for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .vocabulary import MULTILINE, SINGLE, TOTALS

JOIN = "; "
"""Between several values of one field, as Picard shows them."""

MAX_VALUE = 64 * 1024
"""Bytes of one value in UTF-8; the rest is cut off."""

MAX_TOTAL = 1024 * 1024
"""Bytes of all values of one file; a field that does not fit any more is left out."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_BUT_LINE_END = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(value: str, *, multiline: bool = False) -> str:
    """Return ``value``, cut, without control characters, lone surrogates and outer white space."""
    value = value[:MAX_VALUE]
    if not value.isprintable():
        if multiline:
            value = _CONTROL_BUT_LINE_END.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
        else:
            value = _CONTROL.sub(" ", value)
        value = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    return cut(value.strip())


def cut(value: str) -> str:
    """Return ``value`` cut to ``MAX_VALUE`` bytes, between characters."""
    if len(value) * 4 <= MAX_VALUE:
        return value
    return value.encode()[:MAX_VALUE].decode("utf-8", "ignore")


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return one text for each field of ``pairs`` that has any: values cleaned, joined, and each named once."""
    found: dict[str, dict[str, None]] = {}
    for field, raw in pairs:
        value = clean(raw, multiline=field in MULTILINE)
        if field in TOTALS and "/" in value:
            value, _, total = value.partition("/")
            _add(found, TOTALS[field], total)
        _add(found, field, value)
    left = MAX_TOTAL
    fields: dict[str, str] = {}
    for field, values in found.items():
        text = cut(JOIN.join(values))
        left -= len(text.encode())
        if left < 0:
            break
        fields[field] = text
    return fields


def _add(found: dict[str, dict[str, None]], field: str, value: str) -> None:
    if field in TOTALS or field in TOTALS.values():
        value = value.strip()
        if value.isascii() and value.isdecimal():
            value = value.lstrip("0")
    elif field == "compilation":
        value = "1" if value.lower() in {"1", "true", "yes"} else ""
    if not value or (field in SINGLE and field in found):
        return
    found.setdefault(field, {})[value] = None
