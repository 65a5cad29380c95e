"""Reads values out of a server's answers, whatever these are, in the forms of docs/vocabulary.md."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

Answer = Mapping[str, Any]
_MAX_TEXT, _MAX_LINES = 1000, 15_000
_MOST = 50
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")
_DATE = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])-(\d\d)", re.ASCII)
_POSTER = re.compile(r"/[A-Za-z0-9_-]{1,100}\.(jpg|jpeg|png|webp)")


def number(said: object, most: int = 9_999_999_999) -> int | None:
    """A whole number from 0 on, None for anything else."""
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= most else None


def text(said: object) -> str:
    """One line; "" for what is no text."""
    if not isinstance(said, str) or len(said) > _MAX_TEXT:
        return ""
    return " ".join(unicodedata.normalize("NFC", _CONTROLS.sub(" ", said)).split())


def lines(said: object) -> str:
    """Lines; "" for what is no text."""
    if not isinstance(said, str) or len(said) > _MAX_LINES:
        return ""
    plain = re.sub(r"\r\n?", "\n", said)
    return unicodedata.normalize("NFC", _CONTROLS_BUT_LINES.sub(" ", plain)).strip()


def date(said: object) -> str:
    """A day; "" for what is none."""
    match = _DATE.fullmatch(said) if isinstance(said, str) else None
    if match is None or not 1 <= int(match[3]) <= calendar.monthrange(int(match[1]), int(match[2]))[1]:
        return ""
    return match[0]


def year(said: object) -> int | None:
    """The year of a day."""
    return int(found[:4]) if (found := date(said)) else None


def rating(average: object, votes: object) -> str:
    """An average of votes from 0 to 10; "" where nobody has voted."""
    if isinstance(average, bool) or not isinstance(average, (int, float)) or not 0 < average <= 10 or not number(votes):
        return ""
    return f"{average:.1f}".removesuffix(".0") if round(average, 1) > 0 else ""


def names(said: object, field: str = "name") -> list[str]:
    """The names in a list of objects, each once."""
    found = [text(one.get(field)) for one in said[:_MOST] if isinstance(one, dict)] if isinstance(said, list) else []
    return list(dict.fromkeys(filter(None, found)))


def objects(said: object) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def poster(said: object) -> str:
    """The path of a picture; "" for what is none."""
    return said if isinstance(said, str) and _POSTER.fullmatch(said) else ""
