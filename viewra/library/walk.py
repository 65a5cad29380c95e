"""Walks a folder, one directory at a time: finds its files, and reports unreadable entries.

It knows nothing of the database. Symbolic links to directories are followed after all real ones, and one that leads
into the library is left to the real path, so that a file inside has one path. Each directory is walked once, and a link
to a folder that it is in is left out: loops end.
"""

# Paths are bytes, for which pathlib has nothing.
# ruff: noqa: PTH116

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import attrs

from viewra.library.folder_signature import certain, changed_at, context_of, examine, is_of, names_alone
from viewra.library.following import why_not_followed
from viewra.library.found import FoundFile, found_file, signed
from viewra.library.ignoring import ALL_MARKS, BadIgnoreFile, LeftOut, Rules
from viewra.library.mounts import Mounts
from viewra.library.paths import display_bytes, join
from viewra.types import FollowLinks


@attrs.frozen
class Unreadable:
    """A listed entry that could not be examined; ``is_file`` is False for directories and links to them."""

    path: bytes
    error: str
    is_file: bool = False


class Place(NamedTuple):
    """A directory's device, the mount point of its file system, and its disks as ``disks.joined`` gives them."""

    path: bytes
    device: int | None = None
    mount: bytes | None = None
    disks: str | None = None


class FoundDirectory(NamedTuple):
    """One directory. ``complete`` is False if its listing failed: then no file in it counts as missing.

    ``mount`` is the mount point of its file system, ``disk`` what is mounted there; None if unknown. ``signature`` is
    None if it cannot be told, or is of no use: with nothing that could be a file. ``changed_ns`` is when its names last
    changed, as ``certain`` says it. ``same``: the signature is the known one, so that ``files`` was not made.
    """

    path: bytes
    files: list[FoundFile]
    unreadable: list[Unreadable]
    complete: bool = True
    device: int | None = None
    mount: bytes | None = None
    disk: str | None = None
    signature: bytes | None = None
    changed_ns: int = 0
    same: bool = False

    @property
    def place(self) -> Place:
        """Where the directory is now."""
        return Place(self.path, self.device, self.mount, self.disk)


class _Around(NamedTuple):
    """What most directories share with those that they are in; ``told`` is all of it that a signature begins with."""

    rules: Rules
    context: bytes
    mount: bytes
    device: int
    disk: str | None
    told: bytes


class _Step(NamedTuple):
    """A directory to walk. ``around`` is that of the directory that it is in; None: it is examined on its own."""

    path: bytes
    real: bytes
    rules: Rules
    around: _Around | None
    is_link: bool = False


@attrs.frozen
class Walk:
    """A walk of ``root``, which is, or is inside, the library ``library``: iterate over it once.

    It examines only files whose names are ``interesting``, and nothing that ``rules`` (those in ``root``'s own folder,
    see ``Rules.enter``) leave out. It never raises for the state of the file system: an unreadable directory is
    returned with ``complete=False``. ``known`` has the signatures of folders whose files need not be made, and
    ``context`` is what else decides about files (see ``folder_signature``). Folders that ``changed_at`` the time in
    ``unchanged_at``, in nanoseconds, count as known without a look at their files. ``entering`` is called with each
    folder before it is listed. Without ``deep`` only ``root`` itself is.
    """

    root: bytes
    library: bytes
    interesting: Callable[[bytes], bool]
    rules: Rules = attrs.field(factory=Rules)
    links: FollowLinks = FollowLinks.ALL
    mounts: Mounts = attrs.field(factory=Mounts.current)
    known: Mapping[bytes, bytes] = attrs.field(factory=dict)
    context: bytes = b""
    unchanged_at: Mapping[bytes, int] = attrs.field(factory=dict)
    entering: Callable[[bytes], object] | None = None
    deep: bool = True

    def context_in(self, rules: Rules) -> bytes:
        """What decides about the entries of a folder, by the rules for it."""
        return context_of(self.context, self.links, rules.told())

    def __iter__(self) -> Iterator[FoundDirectory]:
        within = os.path.realpath(self.library)
        seen: set[tuple[int, int]] = set()
        top = os.path.realpath(self.root)
        real: list[_Step] = [_Step(self.root, self.root if top == self.root else top, self.rules, None)]
        links: deque[_Step] = deque()
        while real or links:
            step = real.pop() if real else links.popleft()
            if step.is_link:
                if why_not_followed(step.path, within, self.links, to_folder=True) is not None:
                    continue
                step = step._replace(real=os.path.realpath(step.path), around=None)
            try:
                info = _look_at(step.path)
            except OSError as error:
                yield _unreadable(step.path, _reason(error))
                continue
            if (identity := (info.st_dev, info.st_ino)) in seen:
                continue
            seen.add(identity)
            if self.entering is not None:
                self.entering(step.path)
            listing = _Listing(step, self, signed(info.st_dev), within)
            found = listing.read(changed_at(info))
            if found is None:
                continue
            yield found
            if self.deep and (listing.directories or listing.links):
                real += sorted(listing.directories, reverse=True)
                links.extend(sorted(listing.links))

    def around(self, rules: Rules, mount: bytes, device: int) -> _Around:
        """What is shared by the directories below one on this device, where ``rules`` apply."""
        context, disk = self.context_in(rules), self.mounts.disk_at(mount)
        return _Around(rules, context, mount, device, disk, context_of(context, mount, device, disk))


class _Listing:
    """One directory's entries, sorted into files, directories and links to directories."""

    def __init__(self, step: _Step, walk: Walk, device: int, library: bytes) -> None:
        self._step = step
        self._walk = walk
        self._library = library
        around = step.around
        if around is None or around.device != device or walk.mounts.is_point(step.real):
            around = walk.around(step.rules, self._find_mount(device), device)
        self._around = around
        self._files: list[FoundFile] = []
        self._unreadable: list[Unreadable] = []
        self.directories: list[_Step] = []
        self.links: list[_Step] = []

    def read(self, changed_ns: int) -> FoundDirectory | None:
        """None: a file in the directory excludes it. ``changed_ns`` is its ``changed_at``."""
        path, walk, around = self._step.path, self._walk, self._around
        certain_ns = certain(changed_ns)  # before it is listed, since it may change from then on
        complete = True
        entries: list[os.DirEntry[bytes]] = []
        try:
            listed = os.scandir(path)
        except OSError as error:  # it may be an unreadable mount point, which says nothing of where the files are
            return _unreadable(path, _reason(error))
        try:
            with listed:
                entries += listed
        except OSError as error:
            self._unreadable.append(Unreadable(path, _reason(error)))
            complete = False
        known = walk.known.get(path)
        # Files with patterns are among the entries, so what this folder's own say need not be told.
        if walk.unchanged_at.get(path) == changed_ns and is_of(known, around.told):
            told = names_alone(known, entries)
        else:
            told = examine(around.told, path, entries)
        if told.marks and (marks := ALL_MARKS.intersection(told.marks)):
            try:
                rules = around.rules.enter(path, marks)
            except BadIgnoreFile as error:  # without the patterns it is unknown which files are left out
                return _unreadable(path, f"{display_bytes(error.path)}: {error.problem}")
            if isinstance(rules, LeftOut):
                return None
            if rules is not around.rules:
                self._around = walk.around(rules, around.mount, around.device)
        same = complete and told.signature is not None and told.signature == known
        sort = self._sort
        for entry in told.others if same else entries:
            sort(entry)
        signature = told.signature if same or (self._files and not self._unreadable) else None
        return FoundDirectory(
            path,
            self._files,
            self._unreadable,
            complete,
            around.device,
            around.mount,
            around.disk,
            signature,
            certain_ns,
            same,
        )

    def _find_mount(self, device: int) -> bytes:
        """The directory's mount point. A file system mounted since the walk began shows by its device."""
        step, mounts = self._step, self._walk.mounts
        if step.around is None:
            return mounts.holding(step.real)
        if step.around.device != device and not mounts.is_point(step.real):
            mounts.look_again()
        return step.real if mounts.is_point(step.real) else step.around.mount

    def _sort(self, entry: os.DirEntry[bytes]) -> None:
        name, rules = entry.name, self._around.rules
        if name[:1] == b"." and not rules.hidden:
            return
        try:
            if entry.is_dir(follow_symlinks=False):
                self._add_folder(entry, self.directories)
            elif entry.is_symlink():
                if self._walk.links is not FollowLinks.NONE:
                    self._follow(entry)
            elif (
                self._walk.interesting(name)
                and entry.is_file(follow_symlinks=False)
                and not (rules.has_patterns and rules.why(entry.path, name, is_folder=False))
            ):
                self._files.append(found_file(name, entry.stat(follow_symlinks=False), is_link=False))
        except OSError as error:
            self._unreadable.append(Unreadable(entry.path, _reason(error), is_file=True))

    def _follow(self, entry: os.DirEntry[bytes]) -> None:
        rules = self._around.rules
        if rules.has_patterns and rules.why(entry.path, entry.name, is_folder=False) is not None:
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
        elif stat.S_ISREG(info.st_mode) and self._walk.interesting(entry.name) and self._may_follow(entry.path):
            self._files.append(found_file(entry.name, info, is_link=True))

    def _may_follow(self, link: bytes) -> bool:
        links = self._walk.links
        return links is FollowLinks.ALL or why_not_followed(link, self._library, links, to_folder=False) is None

    def _add_folder(self, entry: os.DirEntry[bytes], steps: list[_Step]) -> None:
        rules = self._around.rules
        if rules.why(entry.path, entry.name, is_folder=True) is None:
            path, above = entry.path, self._step
            real = path if above.real is above.path else join(above.real, entry.name)  # one copy of most paths
            steps.append(_Step(path, real, rules, self._around, steps is self.links))


def _look_at(directory: bytes) -> os.stat_result:
    """Examine a directory. The slash has an automounter mount it, as opening it would. Raises OSError."""
    return os.stat(directory + b"/")


def _unreadable(path: bytes, reason: str) -> FoundDirectory:
    return FoundDirectory(path, [], [Unreadable(path, reason)], complete=False)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "vanished while it was scanned"
    return error.strerror or str(error)
