"""Converts raw values to the documented forms (docs/vocabulary.md): one function for each form.

Each function takes the cleaned text of one value and returns the values in it, none if the text is unclear or cannot
be converted.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable

from viewra.types.languages import language

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_TIME = r"(?:[T ]\s*\d{1,2}:?\d{0,2}\D.*|T\d{2,}|[T ]\d{1,2}(?::\d\d.*)?)?"
_BIG_ENDIAN = re.compile(rf"([12]\d{{3}})(?:([-/.:])(\d{{1,2}})(?:\2(\d{{1,2}}))?)?{_TIME}", re.DOTALL)
_COMPACT = re.compile(r"([12]\d{3})(\d\d)(\d\d)(?:t?\d{2,6}(?:\D.*)?)?")
_LITTLE_ENDIAN = re.compile(rf"0{{0,2}}(\d{{1,2}})([-/.])(\d{{1,2}})\2([12]\d{{3}}){_TIME}", re.DOTALL)
_NAMED = re.compile(
    r"(?:[a-z]{3,9},?\s+)??(?:(\d{1,2})(?:st|nd|rd|th|\.)?[ -])?\s*([a-z]{3,9})\.?,?[ -]\s*"
    r"(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?:\d\d:\d\d(?::\d\d)?\s+)?([12]\d{3})"
)
_NAMED_BIG_ENDIAN = re.compile(r"([12]\d{3})[ -]([a-z]{3,9})(?:[ -](\d{1,2}))?")

_NUMBER = re.compile(r"0*([1-9]\d{0,4})")
_SIDE = re.compile(r"(([A-Z])\2?)[ -]?0*([1-9]\d?)?")
_DECIMAL = r"([+-]?(?:\d{1,6}(?:[.,]\d{0,20})?|[.,]\d{1,20}))"
_BPM = re.compile(rf"{_DECIMAL}\s*(?:bpm)?", re.IGNORECASE)
_DECIBEL = re.compile(rf"{_DECIMAL}\s*(?:db)?", re.IGNORECASE)
_LOUDNESS = re.compile(rf"{_DECIMAL}\s*(db|lufs|)", re.IGNORECASE)
_PEAK = re.compile(r"\+?((?:\d{1,6}(?:[.,]\d{0,20})?|[.,]\d{1,20})(?:e[+-]?\d{1,3})?)", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,6}")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_AROUND_UUIDS = re.compile(r"(?:https?://musicbrainz\.org/[a-z-]+/|urn:uuid:|\.html|[\s/;,&+{}|\\])*")
_DISC_ID = re.compile(r"[A-Za-z0-9._]{27}-")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_BETWEEN = re.compile(r"\s*[/;,|]\s*")


def date(text: str) -> list[str]:
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, as far as the text is clear: of ``03/05/2001`` the year alone."""
    text = text.strip().replace("\N{MINUS SIGN}", "-").lower()
    if match := _COMPACT.fullmatch(text):
        return _day(match[1], match[2], match[3])
    if match := _BIG_ENDIAN.fullmatch(text.replace("t", "T")):
        return _day(match[1], match[3], match[4])
    if match := _LITTLE_ENDIAN.fullmatch(text.replace("t", "T")):
        first, second = int(match[1]), int(match[3])
        if first > 12 or first == second:
            return _day(match[4], match[3], match[1])
        return _day(match[4], match[1], match[3]) if second > 12 else [match[4]]
    if match := _NAMED.fullmatch(text):
        return _named(match[4], match[2], match[1] or match[3])
    if match := _NAMED_BIG_ENDIAN.fullmatch(text):
        return _named(match[1], match[2], match[3])
    return []


def year(text: str) -> list[str]:
    """The year of a date."""
    return [found[:4] for found in date(text)]


def number(text: str) -> list[str]:
    """A whole number above 0, without leading zeros."""
    match = _NUMBER.fullmatch(text) if text.isascii() else None
    return [match[1]] if match else []


def position(text: str) -> list[str]:
    """A number, or the side of a record with or without a number (``A1``, ``B``)."""
    if match := _SIDE.fullmatch(text.upper()):
        return [match[1] + (match[3] or "")]
    return number(text)


def bpm(text: str) -> list[str]:
    """Beats a minute, with at most three decimals."""
    match = _BPM.fullmatch(text) if text.isascii() else None
    beats = round(_float(match[1]), 3) if match else 0
    return [f"{beats:.3f}".rstrip("0").rstrip(".")] if 1 <= beats < 1000 else []


def decibel(text: str) -> list[str]:
    """Decibels with two decimals and the unit."""
    match = _DECIBEL.fullmatch(_plain(text))
    return _two_decimals(match[1], "dB") if match else []


def loudness(text: str) -> list[str]:
    """A loudness with two decimals and its unit; without a unit one below 0 is in LUFS."""
    match = _LOUDNESS.fullmatch(_plain(text))
    if not match:
        return []
    unit = match[2].upper() or ("LUFS" if _float(match[1]) < 0 else "DB")
    return _two_decimals(match[1], "LUFS" if unit == "LUFS" else "dB")


def peak(text: str) -> list[str]:
    """A sample's height with six decimals, 1 being full scale."""
    match = _PEAK.fullmatch(_plain(text))
    height = _float(match[1]) if match else -1
    return [f"{height:.6f}"] if 0 <= height < 999 else []


def q78(text: str) -> list[str]:
    """A 16-bit number of 1/256 dB."""
    match = _WHOLE.fullmatch(_plain(text))
    return [str(int(text))] if match and -32768 <= int(_plain(text)) <= 32767 else []


def flag(text: str) -> list[str]:
    """``1`` for yes; nothing for no."""
    return ["1"] if text.lower() in {"1", "true", "yes"} else []


def uuid(text: str) -> list[str]:
    """Every UUID of a text that holds nothing else but separators."""
    text = text.lower()
    found = [match.replace("-", "") for match in _UUID.findall(text)]
    if not found or not _AROUND_UUIDS.fullmatch(_UUID.sub("", text)):
        return []
    return [f"{u[:8]}-{u[8:12]}-{u[12:16]}-{u[16:20]}-{u[20:]}" for u in found if u.strip("0")]


def disc_id(text: str) -> list[str]:
    """MusicBrainz' id of a disc."""
    return [text] if _DISC_ID.fullmatch(text) else []


def isrc(text: str) -> list[str]:
    """ISRCs in capitals and without hyphens."""
    found = [part.upper().replace("-", "").replace(" ", "").removeprefix("ISRC") for part in _BETWEEN.split(text)]
    return [part for part in found if _ISRC.fullmatch(part)]


def languages(text: str) -> list[str]:
    """ISO 639-3 codes of languages that are given by code or by their English name."""
    return [code for part in _BETWEEN.split(text) if (code := language(part))]


def script(text: str) -> list[str]:
    """ISO 15924 codes."""
    return [text.title()] if len(text) == 4 and text.isascii() and text.isalpha() else []


FORMS: dict[str, Callable[[str], list[str]]] = {
    "date": date, "year": year, "number": number, "position": position, "bpm": bpm, "decibel": decibel,
    "loudness": loudness, "peak": peak, "q78": q78, "flag": flag, "uuid": uuid, "discid": disc_id, "isrc": isrc,
    "language": languages, "script": script,
}  # fmt: skip
"""The functions by the names of their forms; values of the forms ``text`` and ``lines`` are only cleaned."""


def _day(year_text: str, month: str | None, day: str | None) -> list[str]:
    """The date as far as month and day are possible."""
    if not month or not 1 <= int(month) <= 12:
        return [year_text]
    if not day or not 1 <= int(day) <= calendar.monthrange(int(year_text), int(month))[1]:
        return [f"{year_text}-{int(month):02}"]
    return [f"{year_text}-{int(month):02}-{int(day):02}"]


def _named(year_text: str, month: str, day: str | None) -> list[str]:
    number_of_month = MONTHS.get(month[:3])
    full = calendar.month_name[number_of_month].lower() if number_of_month else ""
    if not number_of_month or not (full.startswith(month) or month == "sept"):
        return []
    return _day(year_text, str(number_of_month), day)


def _two_decimals(text: str, unit: str) -> list[str]:
    value = round(_float(text), 2) or 0.0  # no minus before zero
    return [f"{value:.2f} {unit}"] if -1000 < value < 1000 else []


def _plain(text: str) -> str:
    text = text.replace("\N{MINUS SIGN}", "-")
    return text if text.isascii() else ""


def _float(text: str) -> float:
    return float(text.replace(",", "."))
