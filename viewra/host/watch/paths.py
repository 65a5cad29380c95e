"""Which folders are watched for a plugin and for a plugin directory, and which of what happens there matters.

Looks at the file system and keeps nothing; ``tree`` and ``watcher`` decide when to look.
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
from viewra.host.installed.discovery import folders_with_manifests, real_path

_MOST_LINKS = 40  # as the kernel has it

Identity = tuple[int, int]
"""Device and inode of a folder: another folder at the same path is another."""


class Notice(enum.IntEnum):
    """What happened in a folder; a watch for one kind is told those before it, too."""

    SELF = enum.auto()  # the folder itself went or was moved, or notices were lost: look again
    ENTRY = enum.auto()  # a file or folder in it came, went, or got another name
    CONTENT = enum.auto()  # a file in it was written to, or truncated


class Effect(enum.Enum):
    """What follows from a notice."""

    NONE = enum.auto()
    LOOK = enum.auto()  # what is watched may be something else now; whether anything changed, a look tells
    CHANGED = enum.auto()


@attrs.frozen
class Look:
    """What was found: the folders to watch, and what there is; one that differs from the last one is a change.

    ``links`` are those among them that lead somewhere else: what lies on the way there is watched, too.
    """

    folders: Mapping[Path, Identity]
    content: Mapping[Path, object]
    links: frozenset[Path] = frozenset()


class Paths(Protocol):
    """What a watch is for."""

    directory: Path
    notices: Notice
    """Up to which kind of notice its folders are watched."""

    def look(self) -> Look | None:
        """What is there now; None when the directory is not there."""

    def effect(self, folder: Path, name: str, is_folder: bool) -> Effect:
        """What follows when something happened to this name in one of the folders."""


class PluginPaths:
    """The code of one plugin: the files by which its code hash is made."""

    notices = Notice.CONTENT

    def __init__(self, directory: Path, ignored: Iterable[Path]) -> None:
        self.directory = directory
        self._ignored = tuple(ignored)
        self._skipped = frozenset[Path]()

    def look(self) -> Look | None:
        """The plugin's folders and files, each file with its inode, size and time of modification."""
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
        """A change of a file is one of the code; of a folder, a look tells whether there is code in it."""
        if not counts(name, folder=is_folder) or folder / name in self._skipped:
            return Effect.NONE
        return Effect.LOOK if is_folder else Effect.CHANGED


class RootPaths:
    """A plugin directory: where manifests are found, down to plugins."""

    notices = Notice.ENTRY

    def __init__(self, directory: Path, ignored: Iterable[Path]) -> None:
        self.directory = directory
        self._ignored = tuple(ignored)

    def look(self) -> Look:
        """The folders in which manifests are looked for, and the manifests, each as where it really is.

        A directory that is not there holds no plugins: that is something seen, too.
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
        """A name that may be a manifest, or a plugin's folder or a link to one, is worth a look."""
        may_lead_to_plugins = not name.startswith((".", "__")) and (is_folder or counts(name))
        return Effect.LOOK if may_lead_to_plugins or name.endswith(".cue") else Effect.NONE


def anchors(directory: Path, links: Iterable[Path] = ()) -> dict[Path, frozenset[str]]:
    """The folders that decide what a directory's path, and those of ``links`` in it, lead to, each with their names.

    Those are the directory's own name, links on the way, what these lead to, and what is not there (yet); of the other
    folders above it matters only whether they themselves go or are moved.
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
    """The path, and what becomes of it as one link after the other is followed; the last one has none."""
    ways = [path]
    while len(ways) <= _MOST_LINKS and (link := _first_link(ways[-1])) is not None:
        rest = ways[-1].relative_to(link)
        try:
            target = link.parent / link.readlink()
        except OSError:  # it went this moment, which its folder's watch tells
            break
        ways.append(Path(os.path.normpath(target)) / rest)
    return ways


def _first_link(path: Path) -> Path | None:
    return next((one for one in (*reversed(path.parents), path) if one.is_symlink()), None)


def identify(folder: Path, *, follow: bool = True) -> Identity | None:
    """Which folder is at this path; None when none is, and for a link that is not to be followed."""
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
    """Those of the ignored paths that lie in the directory, as where they really are.

    One that contains the directory does not hide it: the user's plugin directory lies in the data directory.
    """
    real = (real_path(path) for path in ignored)
    return frozenset(path for path in real if path != directory and path.is_relative_to(directory))
