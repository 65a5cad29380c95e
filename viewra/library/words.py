"""Cuts text into the words that a search compares, the same for every database.

- Words are runs of letters, digits and marks of folded text (``viewra.library.folding``).
- Text with punctuation inside (``AC/DC``, ``R.E.M.``, ``10,000``, ``Don't``) is found with the parts and as one word.
- Chinese, Japanese and Korean text has no spaces: each character and the next make a word, so any part is found.
- A name of symbols alone (``!!!``) is one word.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

import attrs

from viewra.library.folding import fold

GAP = "\uf8ff"
"""A word that no text has, between a field's values and the ways of writing them: a phrase lies in one of them."""

SYMBOL = "\ue000"
"""Begins each symbol in the word for a name of symbols; the code point follows in hexadecimal."""

MOST_REMEMBERED = 80
"""Characters of a text whose words are remembered."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ASCII_PUNCTUATION = {code: None for code in range(128) if not chr(code).isalnum() and not chr(code).isspace()}
_SCRIPTS_WITHOUT_SPACES = (
    (0x1100, 0x11FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x3041, 0x3096),
    (0x3099, 0x309A), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x3105, 0x312F), (0x3130, 0x318F),
    (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF), (0x1AFF0, 0x1B16F), (0x20000, 0x323AF),
)  # fmt: skip


@attrs.frozen
class Wanted:
    """What a typed word asks for: one of several sequences of words; ``prefix``: the last word may go on."""

    sequences: tuple[tuple[str, ...], ...]
    prefix: bool = False


def indexed(values: Sequence[str]) -> str:
    """Return the words of a field's values as the index keeps them, with spaces between."""
    if len(values) == 1:  # as nearly all have
        value = values[0]
        return _remembered(value) if len(value) <= MOST_REMEMBERED else _cut(value)
    found: list[str] = []
    for value in values:
        if found:
            found.append(GAP)
        if words := _indexed(value):
            found.append(words)
    return " ".join(found)


def wanted(text: str, *, prefix: bool = False) -> Wanted | None:
    """Return what a word or phrase, as it was typed, asks for; None when there is nothing in it to search for."""
    folded = fold(text)
    plain = _words(folded)
    if not plain:
        symbols = _symbols(folded)
        return Wanted(((symbols,),)) if symbols else None
    # One character of a script without spaces is the beginning of a word of two.
    last = plain[-1]
    prefix = prefix or (len(last) == 1 and _has_no_spaces(last))
    joined = _words(_joined(folded))
    return Wanted(tuple(dict.fromkeys((tuple(plain), tuple(joined)))), prefix)


def is_spelt(word: str) -> bool:
    """Whether a word of the index is written with letters, in a script with spaces: such a word may be misspelt."""
    if word.isascii():
        return not word.isdigit()
    return not word.isnumeric() and all(_kind(character) == "word" for character in word)


def runs(text: str) -> Iterator[tuple[int, str]]:
    """Give the runs of letters and digits of a text as it was typed, each with its place."""
    place = 0
    for is_word, characters in itertools.groupby(text, _is_part):
        run = "".join(characters)
        if is_word:
            yield place, run
        place += len(run)


def is_symbols(text: str) -> bool:
    """Whether there is no letter or digit in ``text``."""
    return not any(map(_is_part, fold(text)))


def _indexed(value: str) -> str:
    return _remembered(value) if len(value) <= MOST_REMEMBERED else _cut(value)


def _cut(value: str) -> str:
    folded = fold(value)
    plain = _words(folded, whole=True)
    if not plain:
        return _symbols(folded)
    joined = _words(_joined(folded), whole=True)
    return " ".join(plain if joined == plain else [*plain, GAP, *joined])


_remembered = functools.lru_cache(maxsize=4096)(_cut)
"""Most files share their artist, album and genre with those around them."""


def _words(folded: str, *, whole: bool = False) -> list[str]:
    """Return words in order.

    Each run of script without spaces ends with its last character as a word, so that every character begins one; but
    not the run that ends the text, unless the text is ``whole``: more may follow what was typed.
    """
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    found: list[str] = []
    cut = False
    for kind, characters in itertools.groupby(folded, _kind):
        run = "".join(characters)
        if kind == "word":
            found.append(run)
        elif kind == "dense":
            found += [run[at : at + 2] for at in range(len(run))]
        if kind:
            cut = kind == "dense" and len(run) > 1
    return found[:-1] if cut and not whole else found


def _joined(folded: str) -> str:
    """Return the text with the punctuation inside of what stands between spaces taken out."""
    if folded.isascii():
        return folded.translate(_ASCII_PUNCTUATION)
    return " ".join("".join(filter(_is_part, chunk)) for chunk in folded.split())


def _symbols(folded: str) -> str:
    return "".join(f"{SYMBOL}{ord(character):x}" for character in folded if not character.isspace() and character > " ")


@functools.lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    if not _is_part(character):
        return ""
    return "dense" if _has_no_spaces(character) else "word"


def _is_part(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] in "LNM"


def _has_no_spaces(character: str) -> bool:
    code = ord(character)
    return code >= 0x1100 and any(first <= code <= last for first, last in _SCRIPTS_WITHOUT_SPACES)
