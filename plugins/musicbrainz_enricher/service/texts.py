"""Texts from elsewhere: cleaned for metadata, and folded to be compared and searched."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 500
"""Letters of one text; a longer one is cut."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", re.ASCII)
_NOBODY = re.compile(
    r"(various|verschiedene|diverse|unknown|unbekannte[rs]?|no)( (artists?|interpreten?|künstler|album|title))?|va|n a",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(audio ?)?(track|titel|piste|pista|traccia|spår|título|faixa) ?\d+", re.IGNORECASE)


def clean(value: object) -> str:
    """A text as metadata may have it; "" for what is none."""
    return _CONTROL.sub(" ", value)[:MAX_TEXT].strip() if isinstance(value, str) else ""


def named(value: object) -> str:
    """A name or a title; "" for what programs write where they know none, such as "Various Artists" and "Track 1"."""
    text = clean(value)
    bare = " ".join(re.findall(r"\w+", text))
    return "" if _NOBODY.fullmatch(bare) or _NUMBERED.fullmatch(bare) else text


def uuid(value: object) -> str:
    """A MusicBrainz id or an AcoustID in small letters; "" for what is none."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if _UUID.fullmatch(text) else ""


def uuid_in(value: object) -> str:
    """The one id in a text, such as the address of a page of MusicBrainz; "" if there is none, or are several."""
    found = set(_UUID.findall(value.lower())) if isinstance(value, str) else set()
    return found.pop() if len(found) == 1 else ""


def isrc(value: object) -> str:
    """An ISRC without hyphens; "" for what is none."""
    text = re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else ""
    return text if _ISRC.fullmatch(text) else ""


def words(text: str) -> list[str]:
    """The words of a text without regard to case and accents; an id, or a name without words, is one word."""
    if one := uuid(text) or isrc(text).lower():
        return [one]
    parts = unicodedata.normalize("NFKD", text[:MAX_TEXT].casefold())
    found = re.findall(r"\w+", "".join(one for one in parts if not unicodedata.combining(one)))
    return found or text[:MAX_TEXT].casefold().split()


def folded(text: str) -> str:
    """A text as it is compared."""
    return " ".join(words(text))
