"""Converts text from files to the vocabulary's form."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 500

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]+")


def clean(text: object) -> str:
    """Return one line of ``text`` without control characters, in Unicode's composed form; "" of anything but text."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        return ""
    plain = unicodedata.normalize("NFC", _CONTROLS.sub(" ", text.partition("\0")[0]))
    return " ".join(plain.split())[:MAX_CHARACTERS].rstrip()
