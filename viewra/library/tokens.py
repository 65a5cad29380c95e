"""Splits text into the words that a search compares, as SQLite's ``unicode61 remove_diacritics 2`` does.

For databases whose own full-text search splits differently; a test compares the two character by character. Differences
remain where Python's Unicode is newer than SQLite's.
"""

from __future__ import annotations

import re
import unicodedata

# Of the combining marks, these vanish and join their neighbours; all others separate words.
_VANISHING = frozenset(
    [*range(0x300, 0x305), *range(0x306, 0x30D), 0x30F, 0x311, 0x31B, *range(0x323, 0x329), 0x32D, 0x32E, 0x330, 0x331]
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")


class _Folds(dict[int, str]):
    """Code point → its replacement in words: lower case without diacritics, nothing, or a space between words."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(code)
        return folded


_folds = _Folds()


def tokens(text: str) -> list[str]:
    """The words of a text, folded, in order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return text.translate(_folds).split()


def _fold(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] not in "LN" and category != "Co":
        return "" if code in _VANISHING else " "
    folded = next((form for form in (character.casefold(), character.lower()) if len(form) == 1), character)
    decomposed = unicodedata.normalize("NFD", folded)
    if decomposed[0].isascii() and all(unicodedata.combining(mark) for mark in decomposed[1:]):
        return decomposed[0].lower()
    return folded
