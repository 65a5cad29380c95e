"""Converts text and lists from files to the vocabulary's form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from viewra.types.values import Value

MAX_CHARACTERS = 1000
MAX_ENTRIES = 1000

_ESCAPED = re.compile(r"[\udc80-\udcff]")  # a byte that is not UTF-8, as surrogateescape has it
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")


def clean(text: str) -> str:
    """Return one line of ``text`` without control characters, in Unicode's composed form; what is not UTF-8 as �."""
    plain = unicodedata.normalize("NFC", _CONTROLS.sub(" ", _ESCAPED.sub("\N{REPLACEMENT CHARACTER}", text)))
    return " ".join(plain.split())[:MAX_CHARACTERS].rstrip()


def several(lists: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """Return each list that has entries, each entry once; of one entry, the text alone."""
    found: dict[str, Value] = {}
    for name, entries in lists.items():
        if plain := list(dict.fromkeys(filter(None, entries[:MAX_ENTRIES]))):
            found[name] = plain if len(plain) > 1 else plain[0]
    return found
