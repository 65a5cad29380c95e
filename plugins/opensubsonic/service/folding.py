"""Compares names as people do: without regard to case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata


def folded(text: str) -> str:
    """A text in small letters without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return re.findall(r"\w+", folded(text))


def symbols_of(text: str) -> str:
    """What there is of a text without words, such as ``!!!``; "" where it has words."""
    return "" if re.search(r"\w", text) else re.sub(r'["\\\s*]+', "", text)


def matches(name: str, typed: str) -> bool:
    """Whether a name has what somebody typed: each word begins one of it, or is in one of a script without spaces."""
    if symbols := symbols_of(typed):
        return symbols in name
    words = words_of(name)
    return all(
        any(word.startswith(one) or (not one.isascii() and one in word) for word in words) for one in words_of(typed)
    )
