"""Where plugins are: the folder of the shipped ones, and the folders with manifests below a plugin directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

MANIFEST_NAME = "plugin.cue"
DEEPEST = 3
"""Levels of folders below a plugin directory that are searched for manifests."""


def shipped_directory() -> Path | None:
    """The directory of the plugins shipped with viewra; None if they are not installed."""
    spec = find_spec("viewra_plugins")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def folders_with_manifests(directory: Path, depth: int = 0) -> Iterator[tuple[Path, list[Path]]]:
    """Each folder at or below a plugin directory in which a manifest would be found, with its manifests.

    Empty if the directory does not exist: it contains no plugins.
    """
    try:
        with os.scandir(directory) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    names = [entry.name for entry in children if entry.name.endswith(".cue") and _is(entry, os.DirEntry.is_file)]
    if MANIFEST_NAME in names:
        names = [MANIFEST_NAME]
    yield directory, [directory / name for name in names]
    if names and depth > 0:
        return  # folders below a plugin belong to it
    if depth < DEEPEST:
        for entry in children:
            if not entry.name.startswith((".", "__")) and _is(entry, os.DirEntry.is_dir):
                yield from folders_with_manifests(Path(entry.path), depth + 1)


def _is(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return kind(entry)
    except OSError:  # a link to an unreadable place
        return False
