"""Determines which folders to watch for a plugin or a plugin directory, and which notices matter.

It reads the file system and stores nothing; ``tree`` and ``watcher`` decide when to read.
"""

from __future__ import annotations

import enum
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import attrs

from viewra.host.installed.code_hash import code_folders, counts
from viewra.host.installed.discovery import real_path
from viewra.host.installed.folders import folders_with_manifests

_MOST_LINKS = 40  # the kernel's limit

Identity = tuple[int, int]
"""Device and inode of a folder, which tell it from another folder at the same path."""


class Notice(enum.IntEnum):
    """What happened in a folder; a watch for one kind also gets the kinds before it."""

    SELF = enum.auto()  # the folder itself was removed or moved, or notices were lost
    ENTRY = enum.auto()  # a file or folder in it was created, removed or renamed
    CONTENT = enum.auto()  # a file in it was written or truncated


class Effect(enum.Enum):
    """The consequence of a notice."""

    NONE = enum.auto()
    LOOK = enum.auto()  # the folders to watch may have changed; a look finds out
    CHANGED = enum.auto()


@attrs.frozen
class Look:
    """The result of a look: the folders to watch, and their contents; a result that differs from the last is a change.

    ``links`` are symbolic links among them; the folders on the way to their targets are watched, too.
    """

    folders: Mapping[Path, Identity]
    content: Mapping[Path, object]
    links: frozenset[Path] = frozenset()


class Paths(Protocol):
    """The subject of a watch."""

    directory: Path
    notices: Notice
    """The last kind of notice for which its folders are watched."""

    def look(self) -> Look | None:
        """Read what exists now; None if the directory does not exist."""

    def effect(self, folder: Path, name: str, is_folder: bool) -> Effect:
        """The consequence of a notice about this name in one of the folders."""


class PluginPaths:
    """The code of one plugin: the files that its code hash covers."""

    notices = Notice.CONTENT

    def __init__(self, directory: Path, ignored: Iterable[Path]) -> None:
        self.directory = directory
        self._ignored = tuple(ignored)
        self._skipped = frozenset[Path]()

    def look(self) -> Look | None:
        """The plugin's folders and files, each file with its inode, size and modification time."""
        real = real_path(self.directory)
        if identify(real) is None:
            return None
        self._skipped = _below(real, self._ignored)
        folders: dict[Path, Identity] = {}
        files: dict[Path, object] = {}
        for folder, names in code_folders(real, self._skipped):
            if (identity := identify(folder)) is not None:
                folders[folder] = identity
            files.update((path, _fingerprint(path)) for path in (folder / name for name in names))
        return Look(folders, files, frozenset(path for path in files if path.is_symlink()))

    def effect(self, folder: Path, name: str, is_folder: bool) -> Effect:
        """A changed file changes the code; for a changed folder a look finds out whether it contains code."""
        if not counts(name, folder=is_folder) or folder / name in self._skipped:
            return Effect.NONE
        return Effect.LOOK if is_folder else Effect.CHANGED


class RootPaths:
    """A plugin directory, down to the plugins: where discovery looks for manifests."""

    notices = Notice.ENTRY

    def __init__(self, directory: Path, ignored: Iterable[Path]) -> None:
        self.directory = directory
        self._ignored = tuple(ignored)

    def look(self) -> Look:
        """The folders in which discovery looks for manifests, and the manifests, as real paths.

        A directory that does not exist contains no plugins, which is a valid result.
        """
        skipped = _below(real_path(self.directory), self._ignored)
        folders: dict[Path, Identity] = {}
        manifests: dict[Path, object] = {}
        links: set[Path] = set()
        for folder, files in folders_with_manifests(self.directory):
            real = real_path(folder)
            if any(path in skipped for path in (real, *real.parents)):
                continue
            if (identity := identify(folder)) is not None:
                folders[folder] = identity
            manifests.update((file, real_path(file)) for file in files)
            links.update(path for path in (folder, *files) if path.is_symlink())
        return Look(folders, manifests, frozenset(links))

    def effect(self, folder: Path, name: str, is_folder: bool) -> Effect:  # noqa: ARG002 - see Paths
        """A name that may be a manifest, a plugin's folder or a link to one requires a look."""
        may_lead_to_plugins = not name.startswith((".", "__")) and (is_folder or counts(name))
        return Effect.LOOK if may_lead_to_plugins or name.endswith(".cue") else Effect.NONE


def anchors(directory: Path, links: Iterable[Path] = ()) -> dict[Path, frozenset[str]]:
    """The folders, with names in them, that determine where a directory's path and its ``links`` lead.

    The names are the directory itself, links on the way, their targets, and parts that do not exist (yet). Of the
    other parent folders it only matters whether they are removed or moved.
    """
    names: dict[Path, set[str]] = {}
    for end in {*_ways(directory), *(way for link in links for way in _ways(link))}:
        child = end
        for folder in end.parents:
            here = names.setdefault(folder, set())
            if child == end or identify(child, follow=False) is None:
                here.add(child.name)
            child = folder
    return {folder: frozenset(here) for folder, here in names.items() if identify(folder) is not None}


def _ways(path: Path) -> list[Path]:
    """The path, and the path after each link that is followed; the last one contains no link."""
    ways = [path]
    while len(ways) <= _MOST_LINKS and (link := _first_link(ways[-1])) is not None:
        rest = ways[-1].relative_to(link)
        try:
            target = link.parent / link.readlink()
        except OSError:  # removed just now: its folder's watch reports that
            break
        ways.append(Path(os.path.normpath(target)) / rest)
    return ways


def _first_link(path: Path) -> Path | None:
    return next((one for one in (*reversed(path.parents), path) if one.is_symlink()), None)


def identify(folder: Path, *, follow: bool = True) -> Identity | None:
    """The identity of the folder at this path; None if there is none, and for a link if ``follow`` is false."""
    try:
        status = folder.stat(follow_symlinks=follow)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _fingerprint(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _below(directory: Path, ignored: Iterable[Path]) -> frozenset[Path]:
    """The ignored paths that are in the directory, as real paths.

    An ignored path that contains the directory does not count: the user's plugin directory is in the data directory.
    """
    real = (real_path(path) for path in ignored)
    return frozenset(path for path in real if path != directory and path.is_relative_to(directory))
