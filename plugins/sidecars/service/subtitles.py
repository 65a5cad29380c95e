"""Reads subtitles (SubRip, WebVTT and SubStation Alpha): their number, the end of the last one, the language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from viewra.types.values import Value

from . import texts
from .folder import Folder
from .limits import Limits
from .names import language_of, told
from .source import SidecarError, read_text

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?", re.ASCII)
_ASS_CLOCK = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})\s*", re.ASCII)
_HEADER = re.compile(r"\s*([A-Za-z ]+):\s*(.*?)\s*")


@dataclass
class _Read:
    """The result: the number of subtitles, the end of the last one in seconds, and the header's fields."""

    count: int = 0
    end: float = 0.0
    title: str = ""
    language: str = ""
    may_be_empty: bool = False
    """Whether a signature identifies the file even if it has no subtitles."""


def read(path: str, name: str, kind: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of subtitles of a ``kind``: "srt", "vtt" or "ass"; raises ``SidecarError``."""
    text = read_text(path, limits)
    found = _ass(text) if kind == "ass" else _timings(text, kind)
    if not found.count and not found.may_be_empty:
        raise SidecarError("no subtitles: it has no line with a start and an end")
    told_by_name = told(name, folder)
    return {
        "title": texts.clean(found.title),
        "language": found.language or told_by_name.language,
        "subtitle_purpose": texts.several(told_by_name.purposes),
        "timed": "true" if found.count else "",
        "line_count": texts.number(str(found.count)),
        "duration": texts.seconds(found.end) if found.end > 0 else "",
        "belongs_to": texts.several(map(texts.file_name, told_by_name.media)),
    }


def _timings(text: str, kind: str) -> _Read:
    found = _Read()
    rows = text.splitlines()
    if kind == "vtt" and not (rows and re.match(r"WEBVTT(?:\s|$)", rows[0])):
        raise SidecarError("not WebVTT: it does not begin with WEBVTT")
    found.may_be_empty = kind == "vtt"
    for row in rows:
        if match := _TIMING.fullmatch(row[:1000]):
            found.count += 1
            found.end = max(found.end, _seconds(*match.groups()[4:]))
        elif kind == "vtt" and not found.count and (header := _HEADER.fullmatch(row[:1000])):
            if header[1].lower() == "language":
                found.language = language_of(header[2])
            elif header[1].lower() == "title":
                found.title = header[2]
    return found


def _ass(text: str) -> _Read:
    found = _Read()
    section = ""
    columns = ["layer", "start", "end"]
    for row in text.splitlines():
        line = row.strip()[:4096]
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].lower()
            continue
        command, colon, rest = line.partition(":")
        command = command.lower()
        if not colon:
            continue
        if section == "script info":
            if command == "title" and rest.strip().lower() not in {"", "<untitled>", "default aegisub file"}:
                found.title = found.title or rest
            elif command == "language":
                found.language = language_of(rest)
        elif section == "events" and command == "format":
            columns = [column.strip().lower() for column in rest.split(",")]
        elif section == "events" and command == "dialogue" and "end" in columns:
            cells = rest.split(",", len(columns) - 1)
            at = columns.index("end")
            clock = _ASS_CLOCK.fullmatch(cells[at]) if at < len(cells) else None
            if clock is not None:
                found.count += 1
                found.end = max(found.end, _seconds(*clock.groups()))
    return found


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction) / 10.0 ** len(fraction)
