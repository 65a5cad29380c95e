"""Splits a path into the name of the file and the names of the folders that carry information."""

from __future__ import annotations

import functools
import os
import re
import stat
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

MAX_CHARACTERS = 200
"""Upper bound of one name; longer ones are ignored."""

GENERAL = frozenset({
    "album", "albums", "anime", "archive", "artists", "audio", "audiobooks", "books", "cartoons", "cinema",
    "classical", "collection", "compilations", "data", "desktop", "disk", "documents", "download", "downloads",
    "external", "files", "film", "films", "filme", "flac", "home", "hörbücher", "incoming", "itunes", "kids",
    "library", "lossless", "lossy", "media", "mkv", "mnt", "movie", "movies", "mp3", "mp4", "music", "musik",
    "musique", "new", "other", "series", "serien", "share", "shared", "shows", "singles", "songs", "soundtracks",
    "srv", "storage", "synology", "temp", "tmp", "torrents", "tracks", "tv", "unsorted", "usb", "user", "users",
    "various", "video", "videos", "vinyl", "volume1", "volumes",
}) | {
    "my music", "tv shows", "tv series", "itunes media", "various artists", "unknown artist", "unknown album",
}  # fmt: skip
"""Names of folders that are about many artists and albums, in lower case."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff\ud800-\udfff]")
_SEASON = re.compile(r"(?i)(season|staffel|series|saison|specials?)[ ._-]*[0-9]{0,3}|s[0-9]{1,3}")
_DISC = re.compile(r"(?i)(?:cd|dis[ck]|disque)[ ._-]*([0-9]{1,2})(?:[ ._-].*)?")


class FileNameError(ValueError):
    """A path without a regular file. The message is the reason, in one line."""


AUDIO = frozenset({
    "aac", "ac3", "aif", "aifc", "aiff", "ape", "au", "caf", "dff", "dsf", "dts", "eac3", "flac", "m4a", "m4b", "mka",
    "mp+", "mp2", "mp3", "mpc", "mpga", "mpp", "oga", "ogg", "opus", "spx", "tak", "tta", "w64", "wav", "wave", "wma",
    "wv",
})  # fmt: skip
MOST_NAMES = 5000
"""Upper bound of the names of a folder that are examined."""


@dataclass(frozen=True)
class Parts:
    """The informative parts of a path; each name is valid text, "" if absent."""

    stem: str
    ending: str
    folder: str = ""
    above: str = ""
    disc: str = ""
    season: str = ""


def require_file(path: str) -> None:
    """Raise ``FileNameError`` when there is no regular file at ``path``."""
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - names may be any bytes
    except OSError as error:
        raise FileNameError(f"cannot be looked at: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise FileNameError(f"cannot be looked at: {error}") from error
    if not regular:
        raise FileNameError("not a regular file")


def numbers_its_files(path: str) -> bool:
    """Whether more than half of the music in the folder of ``path`` begins with a number, of two files or more."""
    folder = os.path.dirname(path)  # noqa: PTH120 - names may be any bytes
    try:
        return _numbers_its_files(folder, os.stat(folder or ".").st_mtime_ns)  # noqa: PTH116
    except (OSError, ValueError):
        return False


@functools.lru_cache(maxsize=8)
def _numbers_its_files(folder: str, _changed: int) -> bool:
    with os.scandir(folder or ".") as entries:
        names = [entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False)]
    music = [name for name in names if name.rpartition(".")[2].lower() in AUDIO]
    numbered = [name for name in music if re.match(r"[0-9]{1,3}[^0-9]", name)]
    return len(music) > 1 and 2 * len(numbered) > len(music)


def take_apart(path: str, general: Collection[str]) -> Parts:
    """Return the parts of a path; ``general`` are further uninformative names of folders, in lower case."""
    *folders, name = (plain(part) for part in path.split("/")[-5:])
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - names may be any bytes
    disc = season = ""
    if folders and (match := _DISC.fullmatch(folders[-1])):
        disc = match[1].lstrip("0")
        folders.pop()
    elif folders and _SEASON.fullmatch(folders[-1]):
        season = folders.pop()
    folder = folders[-1] if folders else ""
    above = folders[-2] if len(folders) > 1 else ""
    if _general(folder, general):
        folder = above = ""
    elif _general(above, general):
        above = ""
    return Parts(stem, ending.lower(), folder, above, disc, season)


def plain(text: str) -> str:
    """Return a name as one line in Unicode's composed form, "" where it is too long or no valid text."""
    if len(text) > MAX_CHARACTERS or _CONTROLS.search(text):
        return ""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _general(name: str, further: Collection[str]) -> bool:
    return name.lower() in GENERAL or name.lower() in further
