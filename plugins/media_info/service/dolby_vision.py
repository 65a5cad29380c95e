"""Finds Dolby Vision's configuration record, which PyAV does not pass on, in what libav has read of a file.

The record's form, and where MP4 and Matroska keep it, are in Dolby's "Dolby Vision Streams Within the ISO Base Media
File Format" and "… Within the Matroska Container".
"""

from __future__ import annotations

import re

from .source import Source

CODECS = frozenset({"hevc", "av1", "h264"})

_BOX = re.compile(rb"\0\0\0\x20dv[cvw]C([\x01-\x03].{23})", re.DOTALL)
_BLOCK_ADDITION = re.compile(rb"\x41\xe7\x84dv[cvw]C.{0,32}?\x41\xed\x98([\x01-\x03].{23})", re.DOTALL)


def profile(codec: str, source: Source) -> str:
    """Return the profile such as ``8.1`` (with the number of its compatible base layer) or ``5``; "" without one."""
    if codec not in CODECS:
        return ""
    seen = source.seen()
    match = _BOX.search(seen) or _BLOCK_ADDITION.search(seen)
    if match is None:
        return ""
    record = match[1]
    number, compatible = record[2] >> 1, record[4] >> 4
    if not 0 < number <= 20 or any(record[5:]):  # the rest is reserved: anything else is not a record
        return ""
    return f"{number}.{compatible}" if compatible else str(number)
