"""Finds files by the names that other files give them: in another case or Unicode form, with Windows' separators."""

from __future__ import annotations

import functools
import os
import re
import stat
import time
import unicodedata
from collections.abc import Iterator

from .formats import ending, is_media
from .limits import Limits
from .source import SidecarError

MAX_PARTS = 64
_DRIVE = re.compile(r"[A-Za-z]:[\\/]+|[\\/]{2,}[^\\/]+[\\/]+[^\\/]+[\\/]+")
"""``C:\\`` or ``\\\\server\\share\\``."""


def folded(name: str) -> str:
    """Return what names that differ in case or Unicode form only have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Listing:
    """The names in one folder, none where it cannot be read: by what they have in common, with and without endings."""

    def __init__(self, path: str, most: int) -> None:
        self.names: dict[str, list[str]] = {}
        self.stems: dict[str, list[str]] = {}
        for name in sorted(_scanned(path, most)):
            self.names.setdefault(folded(name), []).append(name)
            self.stems.setdefault(folded(stem(name)), []).append(name)
        self.media = [name for names in self.names.values() for name in names if is_media(name)]


@functools.lru_cache(maxsize=8)
def _listing(path: str, _changed: int, most: int) -> Listing:
    return Listing(path, most)


def listing(path: str, most: int) -> Listing:
    """Return the names in a folder; it is read once for the many files of one folder, until a name comes or goes."""
    try:
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - names may be any bytes
    except (OSError, ValueError):
        changed = 0
    return _listing(path, changed, most)


def stem(name: str) -> str:
    """Return a name without its ending."""
    return name[: -len(ending(name)) or None]


class Folder:
    """The folder of one sidecar file, and those below it and below the operator's roots."""

    def __init__(self, path: str, limits: Limits) -> None:
        self.path = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - lexically, and names may be any bytes
        self._bases = (self.path, *(os.path.normpath(root) for root in limits.roots if root.startswith("/")))
        self._limits = limits
        self._give_up_at = time.monotonic() + limits.seconds

    def media(self) -> list[str]:
        """Return the names of the audio and video files in the folder, sorted."""
        return sorted(self._listed(self.path).media)

    def find(self, entry: str) -> str:
        """Return the path of the file that ``entry`` means, relative to the folder; "" where there is none to be found.

        ``..`` leads nowhere but within the folder and the roots. The end of an absolute path
        is looked up in the folder: a playlist is often moved together with its files.
        """
        if not entry or "\0" in entry:
            return ""
        for text in dict.fromkeys((entry, entry.replace("\\", "/"))):
            drive = _DRIVE.match(text)
            rest = text[drive.end() :] if drive else text
            if not drive and (found := self._below_a_base(os.path.join(self.path, rest))):  # noqa: PTH118
                return found
            if drive or rest.startswith("/"):
                parts = [part for part in re.split(r"[\\/]" if drive else "/", rest) if part not in {"", "."}]
                if len(parts) <= MAX_PARTS and ".." not in parts:
                    for start in range(len(parts)):
                        if found := self._walk(self.path, parts[start:]):
                            return found
        return ""

    def media_with_stem(self, text: str) -> list[str]:
        """Return the names of the audio and video files in the folder that are ``text`` but for their ending."""
        return [name for name in self._listed(self.path).stems.get(folded(text), []) if is_media(name)]

    def _below_a_base(self, path: str) -> str:
        whole = os.path.normpath(path)
        for base in self._bases:
            if whole.startswith(base.rstrip("/") + "/"):
                parts = whole[len(base.rstrip("/")) + 1 :].split("/")
                if len(parts) <= MAX_PARTS and (found := self._walk(base, parts)):
                    return found
        return ""

    def _walk(self, base: str, parts: list[str]) -> str:
        exact = os.path.join(base, *parts)  # noqa: PTH118
        if _is_file(exact):
            return self._relative(exact)
        path = base
        for part in parts:
            candidates = self._listed(path).names.get(folded(part), [])
            if part in candidates:
                candidates = [part]
            if len(candidates) != 1:
                return ""
            path = os.path.join(path, candidates[0])  # noqa: PTH118
        return self._relative(path) if _is_file(path) else ""

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self.path)

    def _listed(self, path: str) -> Listing:
        if time.monotonic() > self._give_up_at:
            raise SidecarError(f"given up after {self._limits.seconds:g} s of looking for the files it names")
        return listing(path, self._limits.folder_names)


def _scanned(path: str, most: int) -> Iterator[str]:
    try:
        with os.scandir(path) as entries:
            for count, entry in enumerate(entries):
                if count >= most:
                    return
                yield entry.name
    except (OSError, ValueError):
        return


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - names may be any bytes
    except (OSError, ValueError):
        return False
