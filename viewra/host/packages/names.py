"""Which files a package may contain: names that mean the same everywhere, and not more than a plugin needs."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

import attrs

from viewra.errors import ViewraError

_LONGEST_NAME, _LONGEST_PATH, _DEEPEST = 255, 1000, 30
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$", re.IGNORECASE)


class BadPackage(ViewraError):
    """A package that is refused; nothing of it was kept."""


@attrs.define
class Limits:
    """The bounds of one package: number of files and folders, and bytes in all."""

    files: int = 20_000
    total: int = 1 << 30


class Names:
    """The names and sizes in one package so far; raises BadPackage for one that is refused."""

    def __init__(self, package: str, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._known: dict[str, tuple[str, bool]] = {}
        self._files = self._total = 0

    def add(self, name: str, *, folder: bool = False) -> PurePosixPath:
        """The relative path of a file or folder that is in the package."""
        parts = self._parts(name)
        for depth in range(1, len(parts) + 1):
            self._note("/".join(parts[:depth]), folder=folder or depth < len(parts), again=folder or depth < len(parts))
        return PurePosixPath(*parts)

    def count(self, size: int) -> None:
        """Add ``size`` bytes that were read."""
        self._total += size
        if self._total > self._limits.total:
            raise self.refused(f"it contains more than {self._limits.total:,} bytes")

    def refused(self, why: str) -> BadPackage:
        """The error that says why the package is refused."""
        return BadPackage(f"{self._package} is refused: {why}", hint="nothing of it was installed")

    def _parts(self, name: str) -> tuple[str, ...]:
        shown = repr(name[:200])
        if not name or name.startswith("/") or len(name) > _LONGEST_PATH:
            raise self.refused(f"{shown} is no relative path")
        parts = tuple(name.rstrip("/").split("/"))
        if len(parts) > _DEEPEST:
            raise self.refused(f"{shown} is nested more than {_DEEPEST} folders deep")
        for part in parts:
            if part in {"", ".", ".."} or len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
                raise self.refused(f"{shown} leads out of it")
            if _NOT_IN_A_NAME.search(part) or _OF_WINDOWS.match(part) or part[-1] in ". ":
                raise self.refused(f"{shown} is no name on every system")
            if not part.isprintable():
                raise self.refused(f"{shown} has characters that are not shown")
        return parts

    def _note(self, path: str, *, folder: bool, again: bool) -> None:
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        known = self._known.get(key)
        if known is None:
            self._known[key] = path, folder
            self._files += 1
            if self._files > self._limits.files:
                raise self.refused(f"it contains more than {self._limits.files:,} files and folders")
        elif known[0] != path:
            raise self.refused(f"{known[0]!r} and {path!r} are one name on some systems")
        elif not (again and known[1] and folder):
            raise self.refused(f"{path!r} is there twice")
