"""Brings text that comes from files to the vocabulary's form, and joins lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

MAX_CHARACTERS = 1000
MAX_ENTRIES = 1000

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")


def clean(text: str) -> str:
    """Return one line of ``text`` without control characters, in Unicode's composed form."""
    plain = unicodedata.normalize("NFC", _CONTROLS.sub(" ", text))
    return " ".join(plain.split())[:MAX_CHARACTERS].rstrip()


def joined(lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return each list that has entries as one text: each entry once, joined with ``; ``, which none has itself."""
    found = {}
    for name, entries in lists.items():
        plain = dict.fromkeys(entry.replace("; ", ", ").rstrip("; ") for entry in entries[:MAX_ENTRIES])
        if text := "; ".join(filter(None, plain)):
            found[name] = text
    return found
