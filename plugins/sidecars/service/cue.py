"""Reads cue sheets: the disc, its tracks with their starts, and the files that they are in.

The commands are those of CDRWIN's manual; ``REM`` carries what other programs added (GENRE, DATE, DISCNUMBER …).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from viewra.types.values import Value

from . import texts
from .folder import Folder, stem
from .limits import Limits
from .source import SidecarError, read_text

FRAMES_A_SECOND = 75
MOST_TRACKS = 10_000
_LINE = re.compile(r"(REM\s+)?(\w+)\s+(.*)", re.IGNORECASE)
_FILE_TYPES = frozenset({"WAVE", "MP3", "AIFF", "BINARY", "MOTOROLA", "FLAC"})
_INDEX = re.compile(r"(\d{1,2})\s+(\d{1,4}):([0-5]?\d):([0-6]?\d|7[0-4])", re.ASCII)


@dataclass
class _Track:
    """One track as the sheet has it."""

    number: str
    file: str
    texts: dict[str, str] = field(default_factory=dict)
    starts: dict[int, float] = field(default_factory=dict)


def read(path: str, folder: Folder, limits: Limits) -> dict[str, Value]:
    """Return the fields of a cue sheet; raises ``SidecarError`` for one without a track."""
    disc, tracks = _parsed(read_text(path, limits))
    if not tracks:
        raise SidecarError("not a cue sheet: it has no TRACK")
    kept = tracks[: limits.entries]
    found = {track.file: _audio(folder, track.file) for track in kept}
    barcode = texts.clean(disc.get("CATALOG", ""))
    return {
        "album": texts.clean(disc.get("TITLE", "")),
        "albumartist": texts.clean(disc.get("PERFORMER", "")),
        "composer": texts.clean(disc.get("SONGWRITER", "") or disc.get("COMPOSER", "")),
        "genre": texts.clean(disc.get("GENRE", "")),
        "date": texts.date(disc.get("DATE", "")),
        "comment": texts.clean(disc.get("COMMENT", "")),
        "barcode": barcode if barcode.strip("0") else "",  # zeros stand for none
        "discnumber": texts.number(disc.get("DISCNUMBER", ""), 5),
        "totaldiscs": texts.number(disc.get("TOTALDISCS", ""), 5),
        "totaltracks": texts.number(str(len({track.number for track in tracks}))),
        "cue_tracks": texts.several(_start(track) for track in kept),
        "cue_performers": texts.several(_labelled(track, track.texts.get("PERFORMER", "")) for track in kept),
        "cue_files": texts.several(
            f"{track.number} {texts.file_name(found[track.file])}"
            for track in kept
            if texts.file_name(found[track.file])
        ),
        "cue_isrcs": texts.several(_isrc(track) for track in kept),
        "unresolved": texts.several(texts.clean(name) for name, real in found.items() if name and not real),
        "belongs_to": texts.several(texts.file_name(real) for real in found.values()),
    }


def _parsed(text: str) -> tuple[dict[str, str], list[_Track]]:
    disc: dict[str, str] = {}
    tracks: list[_Track] = []
    file = ""
    for line in text.splitlines():
        match = _LINE.fullmatch(line[:4096].strip())
        if match is None:
            continue
        command, rest = match[2].upper(), match[3]
        if match[1]:
            (tracks[-1].texts if tracks else disc).setdefault(command, _unquoted(rest))
        elif command == "FILE":
            file = _file(rest)
        elif command == "TRACK" and (number := texts.number(rest.split()[0] if rest else "")):
            if len(tracks) == MOST_TRACKS:
                raise SidecarError(f"not a cue sheet: it has more than {MOST_TRACKS:,} tracks")
            tracks.append(_Track(number, file))
        elif command == "INDEX" and tracks and (index := _INDEX.fullmatch(rest)):
            position = int(index[2]) * 60 + int(index[3]) + int(index[4]) / FRAMES_A_SECOND
            tracks[-1].starts.setdefault(int(index[1]), position)
            if int(index[1]) == 1:
                tracks[-1].file = file  # a gap may be at the end of the file before
        else:
            (tracks[-1].texts if tracks else disc).setdefault(command, _unquoted(rest))
    return disc, tracks


def _file(text: str) -> str:
    """Return the name of a FILE command, without the type that follows it."""
    if text.startswith('"'):
        return text[1:].partition('"')[0].strip()
    name, _, last = text.rpartition(" ")
    return name.strip() if last.upper() in _FILE_TYPES else text


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _audio(folder: Folder, name: str) -> str:
    """Return the file that the sheet means: also the only one of this name in another format, made from it later."""
    if not name:
        return ""
    if found := folder.find(name):
        return found
    others = folder.media_with_stem(stem(re.split(r"[\\/]", name)[-1]))
    return others[0] if len(others) == 1 else ""


def _start(track: _Track) -> str:
    start = track.starts.get(1, track.starts.get(0))
    if start is None:
        return ""
    return f"{track.number} {texts.seconds(start)} {texts.clean(track.texts.get('TITLE', ''))}".rstrip()


def _labelled(track: _Track, text: str) -> str:
    plain = texts.clean(text)
    return f"{track.number} {plain}" if plain else ""


def _isrc(track: _Track) -> str:
    code = track.texts.get("ISRC", "").replace("-", "").upper()
    return f"{track.number} {code}" if re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", code) else ""
