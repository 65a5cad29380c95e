"""Folds text so that a search finds it however it is written: case, accents, ligatures, width.

The steps: trademark signs out, NFKC (width, ligatures, superscripts), case folding, removal of accents and of the vowel
points of Hebrew and Arabic, digits of every script as 0 to 9, katakana as hiragana, and a table for the letters that
Unicode does not decompose. Marks that are letters in their script stay: the vowel signs of Devanagari or Thai, the
voicing marks of kana.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_ACCENTS = (
    *range(0x300, 0x370),  # combining diacritical marks
    *range(0x483, 0x488),  # Cyrillic
    *range(0x591, 0x5BE), 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7,  # Hebrew points and accents
    *range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, *range(0x6D6, 0x6DD), *range(0x6DF, 0x6E5),  # Arabic
    *range(0x1AB0, 0x1B00), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100), *range(0xFE20, 0xFE30),
)  # fmt: skip

_LETTERS = {
    "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "ng", "ı": "i", "ȷ": "j",
    "ð": "d", "þ": "th", "ƒ": "f", "ɨ": "i", "ʉ": "u", "ɓ": "b", "ɗ": "d", "ə": "e", "ɛ": "e", "ɔ": "o",
    "ƙ": "k", "ƴ": "y", "ґ": "г", "ـ": "",  # the last is Arabic's stretching line
}  # fmt: skip
"""Lower-case letters that have no decomposition, as people type them without the key."""

_BARE = str.maketrans({**dict.fromkeys(_ACCENTS), **_LETTERS})

_SIGNS = str.maketrans({"™": " ", "℠": " "})
"""Signs of which NFKC makes letters that nobody types."""

_DIGITS = re.compile(r"[^\D0-9]")
"""A digit of another script."""

_HIRAGANA = str.maketrans({code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)})
"""Katakana → the same syllable in hiragana."""


def fold(text: str) -> str:
    """Return ``text`` as a search compares it. Folding twice changes nothing more."""
    if text.isascii():
        return text.lower()
    return _fold(text)


@functools.lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    compatible = unicodedata.normalize("NFKC", text.translate(_SIGNS)).casefold()
    parts = unicodedata.normalize("NFD", compatible)
    folded = unicodedata.normalize("NFKC", parts.translate(_BARE)).translate(_HIRAGANA)
    if folded.isascii():
        return folded.lower()
    folded = _DIGITS.sub(_digit, folded)
    # A few characters change again after the others have gone; the search compares the form that stays.
    return folded if folded == text else _fold(folded)


def _digit(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found.group()))
