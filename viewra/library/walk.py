"""Walks a folder, one directory at a time: which files are there, and what could not be read.

It knows nothing of the database. Symbolic links to files are followed; those to directories too, after all real
ones and only out of the library, so that a file inside has one path. Each directory is walked once: loops end.
"""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116, PTH120

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import attrs

from viewra.library.paths import is_within

_LARGEST = 2**63 - 1
"""Databases keep 64 bits with a sign."""


class FoundFile(NamedTuple):
    """A regular file, or a link to one: ``size`` in bytes, ``device`` and ``inode`` of what the link leads to."""

    name: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int


@attrs.frozen
class Unreadable:
    """Something that is listed but could not be looked at; ``is_file`` is False for directories and links to them."""

    path: bytes
    error: str
    is_file: bool = False


@attrs.frozen
class FoundDirectory:
    """One directory. ``complete`` is False when it could not be listed to its end: then nothing is known to be gone."""

    path: bytes
    files: list[FoundFile]
    unreadable: list[Unreadable]
    complete: bool = True


def walk(root: bytes, library: bytes, interesting: Callable[[bytes], bool]) -> Iterator[FoundDirectory]:
    """Each directory from ``root`` down, real ones first; ``root`` lies in ``library``.

    Only files whose name is ``interesting`` are looked at. Never raises for the state of the file system: a directory
    that cannot be read is given with ``complete=False``.
    """
    within = os.path.realpath(library)
    seen: set[tuple[int, int]] = set()
    real: list[bytes] = [root]
    links: deque[bytes] = deque()
    while real or links:
        is_link = not real
        path = links.popleft() if is_link else real.pop()
        if is_link and (reason := _why_not_follow(path, within)) is not None:
            if reason:
                yield FoundDirectory(path, [], [Unreadable(path, reason)], complete=False)
            continue
        try:
            info = os.stat(path)
            if (info.st_dev, info.st_ino) in seen:
                continue
            seen.add((info.st_dev, info.st_ino))
        except OSError as error:
            yield FoundDirectory(path, [], [Unreadable(path, _reason(error))], complete=False)
            continue
        listing = _Listing(path, interesting)
        yield listing.read()
        real.extend(sorted(listing.directories, reverse=True))
        links.extend(sorted(listing.links))


def _why_not_follow(link: bytes, library: bytes) -> str | None:
    """None: follow it. ``""``: what it leads to is walked by its real path. Else: why it is a fault."""
    target = os.path.realpath(link)
    parent = os.path.realpath(os.path.dirname(link))
    if is_within(parent, target):
        return "symbolic link loop: it leads back to a folder above it"
    return "" if is_within(target, library) else None


class _Listing:
    """What one directory holds, sorted into files, directories and links to directories."""

    def __init__(self, path: bytes, interesting: Callable[[bytes], bool]) -> None:
        self._path = path
        self._interesting = interesting
        self._files: list[FoundFile] = []
        self._unreadable: list[Unreadable] = []
        self.directories: list[bytes] = []
        self.links: list[bytes] = []

    def read(self) -> FoundDirectory:
        complete = True
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    self._sort(entry)
        except OSError as error:
            self._unreadable.append(Unreadable(self._path, _reason(error)))
            complete = False
        return FoundDirectory(self._path, self._files, self._unreadable, complete)

    def _sort(self, entry: os.DirEntry[bytes]) -> None:
        try:
            if entry.is_dir(follow_symlinks=False):
                self.directories.append(entry.path)
            elif entry.is_symlink():
                self._follow(entry)
            elif self._interesting(entry.name) and entry.is_file(follow_symlinks=False):
                self._add(entry.name, entry.stat(follow_symlinks=False))
        except OSError as error:
            self._unreadable.append(Unreadable(entry.path, _reason(error), is_file=True))

    def _follow(self, entry: os.DirEntry[bytes]) -> None:
        try:
            info = os.stat(entry.path)
        except FileNotFoundError:
            self._unreadable.append(Unreadable(entry.path, "broken symbolic link", is_file=True))
            return
        if stat.S_ISDIR(info.st_mode):
            self.links.append(entry.path)
        elif stat.S_ISREG(info.st_mode) and self._interesting(entry.name):
            self._add(entry.name, info)

    def _add(self, name: bytes, info: os.stat_result) -> None:
        # A file system may count inodes to 2**64, and a broken clock may say any time.
        time_ns = max(-_LARGEST, min(_LARGEST, info.st_mtime_ns))
        self._files.append(FoundFile(name, info.st_size, time_ns, signed(info.st_dev), signed(info.st_ino)))


def signed(number: int) -> int:
    """A device or inode number as 64 bits with a sign hold it."""
    return number if number <= _LARGEST else number - 2**64


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "symbolic link loop"
    if error.errno == errno.ENOENT:
        return "vanished while it was scanned"
    return error.strerror or str(error)
