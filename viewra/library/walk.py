"""Walks a folder, one directory at a time: finds its files, and reports unreadable entries.

It knows nothing of the database. Symbolic links to directories are followed after all real ones, and one that leads
into the library is left to the real path, so that a file inside has one path. Each directory is walked once, and a link
to a folder that it is in is left out: loops end.
"""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116, PTH119

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import attrs

from viewra.library.following import why_not_followed
from viewra.library.ignoring import ALL_MARKS, BadIgnoreFile, LeftOut, Rules
from viewra.library.mounts import Mounts
from viewra.library.paths import display_bytes, join
from viewra.types import FollowLinks

_LARGEST = 2**63 - 1
"""Databases store signed 64-bit integers."""


EVIDENCE = slice(1, 6)
"""The attributes of a ``FoundFile`` that stay the same while the file is not changed."""


class FoundFile(NamedTuple):
    """A regular file, or a link to one: all attributes but ``name`` and ``is_link`` are those of the target.

    ``size`` in bytes, times in nanoseconds since the epoch; ``names`` is how many hard links the file has.
    """

    name: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    names: int
    is_link: bool = False

    @property
    def may_have_other_names(self) -> bool:
        """Whether the same file may also be found elsewhere."""
        return self.is_link or self.names > 1


@attrs.frozen
class Unreadable:
    """A listed entry that could not be examined; ``is_file`` is False for directories and links to them."""

    path: bytes
    error: str
    is_file: bool = False


class Place(NamedTuple):
    """A directory's device, and the mount point of its file system."""

    path: bytes
    device: int | None = None
    mount: bytes | None = None


@attrs.frozen
class FoundDirectory:
    """One directory. ``complete`` is False if its listing failed: then no file in it counts as missing.

    ``mount`` is the mount point of its file system; None if unknown.
    """

    path: bytes
    files: list[FoundFile]
    unreadable: list[Unreadable]
    complete: bool = True
    device: int | None = None
    mount: bytes | None = None

    @property
    def place(self) -> Place:
        """The directory's device and mount point."""
        return Place(self.path, self.device, self.mount)


class _Step(NamedTuple):
    """A directory to walk; ``rules``, ``mount`` and ``device`` are those of its parent."""

    path: bytes
    real: bytes
    rules: Rules
    mount: bytes
    device: int | None
    is_link: bool = False


@attrs.frozen
class Walk:
    """A walk of ``root``, which is, or is inside, the library ``library``: iterate over it once.

    It examines only files whose names are ``interesting``, and nothing that ``rules`` (those in ``root``'s own folder,
    see ``Rules.enter``) leave out. It never raises for the state of the file system: an unreadable directory is
    returned with ``complete=False``.
    """

    root: bytes
    library: bytes
    interesting: Callable[[bytes], bool]
    rules: Rules = attrs.field(factory=Rules)
    links: FollowLinks = FollowLinks.ALL
    mounts: Mounts = attrs.field(factory=Mounts.current)

    def __iter__(self) -> Iterator[FoundDirectory]:
        within = os.path.realpath(self.library)
        seen: set[tuple[int, int]] = set()
        top = os.path.realpath(self.root)
        real: list[_Step] = [_Step(self.root, top, self.rules, self.mounts.holding(top), None)]
        links: deque[_Step] = deque()
        while real or links:
            step = real.pop() if real else links.popleft()
            if step.is_link:
                if why_not_followed(step.path, within, self.links, to_folder=True) is not None:
                    continue
                target = os.path.realpath(step.path)
                step = step._replace(real=target, mount=self.mounts.holding(target), device=None)
            try:
                info = _look_at(step.path)
            except OSError as error:
                yield _unreadable(step.path, _reason(error))
                continue
            if (info.st_dev, info.st_ino) in seen:
                continue
            seen.add((info.st_dev, info.st_ino))
            listing = _Listing(step, self, signed(info.st_dev), within)
            found = listing.read()
            if found is not None:
                yield found
                real.extend(sorted(listing.directories, reverse=True))
                links.extend(sorted(listing.links))


class _Listing:
    """One directory's entries, sorted into files, directories and links to directories."""

    def __init__(self, step: _Step, walk: Walk, device: int, library: bytes) -> None:
        self._step = step
        self._walk = walk
        self._device = device
        self._library = library
        self._rules = step.rules
        self._has_patterns = False
        self._interesting = walk.interesting
        self._mount = self._find_mount()
        self._files: list[FoundFile] = []
        self._unreadable: list[Unreadable] = []
        self.directories: list[_Step] = []
        self.links: list[_Step] = []

    def read(self) -> FoundDirectory | None:
        """None: a file in the directory excludes it."""
        path = self._step.path
        complete = True
        entries: list[os.DirEntry[bytes]] = []
        try:
            with os.scandir(path) as listed:
                entries.extend(listed)
        except OSError as error:
            self._unreadable.append(Unreadable(path, _reason(error)))
            complete = False
        marks = [entry.name for entry in entries if entry.name[:1] == b"." and entry.name in ALL_MARKS]
        if marks:
            try:
                rules = self._rules.enter(path, marks)
            except BadIgnoreFile as error:  # without the patterns it is unknown which files are left out
                return _unreadable(path, f"{display_bytes(error.path)}: {error.problem}")
            if isinstance(rules, LeftOut):
                return None
            self._rules = rules
        self._has_patterns = self._rules.has_patterns
        sort = self._sort
        for entry in entries:
            sort(entry)
        return FoundDirectory(path, self._files, self._unreadable, complete, self._device, self._mount)

    def _find_mount(self) -> bytes:
        """The directory's mount point. A file system mounted since the walk began shows by its device."""
        step, mounts = self._step, self._walk.mounts
        if step.device not in {None, self._device} and not mounts.is_point(step.real):
            mounts.look_again()
        return step.real if mounts.is_point(step.real) else step.mount

    def _sort(self, entry: os.DirEntry[bytes]) -> None:
        name, rules = entry.name, self._rules
        if name[:1] == b"." and not rules.hidden:
            return
        try:
            if entry.is_dir(follow_symlinks=False):
                self._add_folder(entry, self.directories)
            elif entry.is_symlink():
                if self._walk.links is not FollowLinks.NONE:
                    self._follow(entry)
            elif (
                self._interesting(name)
                and entry.is_file(follow_symlinks=False)
                and not (self._has_patterns and rules.why(entry.path, name, is_folder=False))
            ):
                self._files.append(_found(name, entry.stat(follow_symlinks=False), is_link=False))
        except OSError as error:
            self._unreadable.append(Unreadable(entry.path, _reason(error), is_file=True))

    def _follow(self, entry: os.DirEntry[bytes]) -> None:
        if self._has_patterns and self._rules.why(entry.path, entry.name, is_folder=False) is not None:
            return
        try:
            info = os.stat(entry.path)
        except FileNotFoundError:
            self._unreadable.append(Unreadable(entry.path, "broken symbolic link", is_file=True))
            return
        except OSError as error:
            if error.errno == errno.ELOOP:  # it leads to itself: nothing will ever be there
                return
            raise
        if stat.S_ISDIR(info.st_mode):
            self._add_folder(entry, self.links)
        elif stat.S_ISREG(info.st_mode) and self._interesting(entry.name) and self._may_follow(entry.path):
            self._files.append(_found(entry.name, info, is_link=True))

    def _may_follow(self, link: bytes) -> bool:
        links = self._walk.links
        return links is FollowLinks.ALL or why_not_followed(link, self._library, links, to_folder=False) is None

    def _add_folder(self, entry: os.DirEntry[bytes], steps: list[_Step]) -> None:
        if self._rules.why(entry.path, entry.name, is_folder=True) is None:
            real = join(self._step.real, entry.name)
            is_link = steps is self.links
            steps.append(_Step(entry.path, real, self._rules, self._mount, self._device, is_link))


def look_at_file(path: bytes) -> FoundFile | None:
    """The regular file at ``path``, or the link's target; None if there is none to examine."""
    try:
        is_link = stat.S_ISLNK(os.lstat(path).st_mode)
        info = os.stat(path)
    except OSError:
        return None
    return _found(os.path.basename(path), info, is_link=is_link) if stat.S_ISREG(info.st_mode) else None


def _found(name: bytes, info: os.stat_result, *, is_link: bool) -> FoundFile:
    mtime_ns, ctime_ns, device, inode = info.st_mtime_ns, info.st_ctime_ns, info.st_dev, info.st_ino
    if not (-_LARGEST <= mtime_ns <= _LARGEST and -_LARGEST <= ctime_ns <= _LARGEST):  # a wrong clock
        mtime_ns, ctime_ns = (max(-_LARGEST, min(_LARGEST, time_ns)) for time_ns in (mtime_ns, ctime_ns))
    if device > _LARGEST or inode > _LARGEST:
        device, inode = signed(device), signed(inode)
    return FoundFile(name, info.st_size, mtime_ns, ctime_ns, device, inode, info.st_nlink, is_link)


def signed(number: int) -> int:
    """A device or inode number as a signed 64-bit integer."""
    return number if number <= _LARGEST else number - 2**64


def _look_at(directory: bytes) -> os.stat_result:
    """Examine an open directory: only opening it triggers an automounter. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(path: bytes, reason: str) -> FoundDirectory:
    return FoundDirectory(path, [], [Unreadable(path, reason)], complete=False)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "vanished while it was scanned"
    return error.strerror or str(error)
