"""Converts raw tag texts to values: cleaned, bounded, in the documented form, and without duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .forms import FORMS
from .vocabulary import FORM, SINGLE, TOTALS

Values = dict[str, str | list[str]]
"""Field to its value, or to a list where it has several."""

JOIN = "; "
"""Between several values of one field where they are joined, as Picard shows them."""

MAX_VALUE = 64 * 1024
"""Bytes of all values of one field in UTF-8, joined; what is beyond is cut off."""

MAX_TOTAL = 1024 * 1024
"""Bytes of all values of one file; a field that does not fit any more is left out."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_BUT_LINE_END = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OF_TOTAL = re.compile(r"\s*(?:/|\bof\b)\s*")


def clean(value: str, *, multiline: bool = False) -> str:
    """Return ``value``, cut, without control characters, lone surrogates and outer white space."""
    value = value[:MAX_VALUE]
    if not value.isprintable():
        if multiline:
            value = _CONTROL_BUT_LINE_END.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
        else:
            value = _CONTROL.sub(" ", value)
        value = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    return cut(value.strip(), MAX_VALUE).rstrip()


def cut(value: str, most: int) -> str:
    """Return ``value`` cut to ``most`` bytes, between characters."""
    if len(value) * 4 <= most:
        return value
    return value.encode()[:most].decode("utf-8", "ignore")


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each field of ``pairs`` that has any."""
    found: dict[str, dict[str, None]] = {}
    for field, raw in pairs:
        value = clean(raw, multiline=FORM[field] == "lines")
        if field in TOTALS and len(parts := _OF_TOTAL.split(value, 1)) == 2:
            value = parts[0]
            _add(found, TOTALS[field], parts[1])
        _add(found, field, value)
    return {field: list(values) for field, values in found.items()}


def merge(tags: Iterable[Mapping[str, list[str]]]) -> Values:
    """Return each field from the first tag that has it, within the bounds, as a list only for several values."""
    left = MAX_TOTAL
    fields: Values = {}
    for tag in tags:
        for field, values in tag.items():
            if field in fields:
                continue
            kept = _bounded(values)
            left -= sum(len(value.encode()) for value in kept)
            if left < 0:
                return fields
            fields[field] = kept[0] if len(kept) == 1 else kept
    return fields


def _bounded(values: list[str]) -> list[str]:
    """The first of the values that fit into ``MAX_VALUE`` bytes, joined."""
    left = MAX_VALUE
    for count, value in enumerate(values):
        left -= len(value.encode()) + len(JOIN) * bool(count)
        if left < 0:
            return values[:count]
    return values


def _add(found: dict[str, dict[str, None]], field: str, value: str) -> None:
    if not value or (field in SINGLE and field in found):
        return
    form = FORMS.get(FORM[field])
    values = form(value) if form else [value]
    if values:
        found.setdefault(field, {}).update(dict.fromkeys(values))
