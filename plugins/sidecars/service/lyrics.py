"""Reads lyrics in LRC: lines with or without their times."""

from __future__ import annotations

import re

from viewra.types.values import Value

from . import texts
from .folder import Folder
from .limits import Limits
from .names import language_of, told
from .source import read_text

_TIME = re.compile(r"\s*\[(\d{1,3}):([0-5]?\d)(?:[.:](\d{1,3}))?\]", re.ASCII)
_TAG = re.compile(r"\s*\[([A-Za-z]+|#):([^\]]*)\]\s*")
_FIELDS = {"ti": "title", "ar": "artist", "al": "album", "au": "writer", "lr": "lyricist", "by": "encodedby"}


def read(path: str, name: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of an LRC file; raises ``SidecarError``."""
    tags: dict[str, str] = {}
    count = timed = 0
    last = 0.0
    for line in read_text(path, limits).splitlines():
        times, words = _times(line)
        if times:
            last = max(last, *times)
            timed += len(times)
            count += len(times) if words else 0
        elif tag := _TAG.fullmatch(line):
            tags.setdefault(tag[1].lower(), tag[2])
        elif line.strip():
            count += 1
    offset = tags.get("offset", "").strip()
    shift = int(offset) / 1000 if re.fullmatch(r"[+-]?[0-9]{1,6}", offset) else 0.0
    told_by_name = told(name, folder)
    fields: dict[str, Value] = {field: texts.clean(tags.get(tag, "")) for tag, field in _FIELDS.items()}
    return fields | {
        "language": language_of(tags.get("la", "")) or told_by_name.language,
        "timed": "true" if timed else "false",
        "line_count": texts.number(str(count)),
        "duration": texts.seconds(max(0.0, last - shift)) if last - shift > 0 else "",
        "belongs_to": texts.several(map(texts.file_name, told_by_name.media)),
    }


def _times(line: str) -> tuple[list[float], str]:
    """Return the times at the beginning of a line, in seconds, and the words after them."""
    times: list[float] = []
    at = 0
    while match := _TIME.match(line, at):
        fraction = int(match[3]) / 10 ** len(match[3]) if match[3] else 0.0
        times.append(int(match[1]) * 60 + int(match[2]) + fraction)
        at = match.end()
    return times, line[at:].strip()
