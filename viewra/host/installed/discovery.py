"""Which plugins there are: every manifest in the plugin directories, and which one of each id is in force."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import attrs

from viewra import manifest as manifests
from viewra.errors import ManifestError
from viewra.manifest import Manifest

MANIFEST_NAME = "plugin.cue"
DEEPEST = 3
"""Levels of folders below a plugin directory in which manifests are looked for."""


class Place(enum.IntEnum):
    """Where a plugin was found, in order of precedence."""

    GIVEN = 0  # --plugins
    USER = 1  # the user's plugin directory
    SHIPPED = 2  # with viewra


@attrs.frozen
class Found:
    """One manifest found: ``manifest`` is None when it is not valid, and ``errors`` says why.

    ``plugin_id`` is the manifest's id; where it cannot be read, the id that a plugin at this path had, or the folder's
    name. ``path`` is the folder where the operator put it, ``directory`` the folder that this leads to now. ``file`` is
    the manifest's name in it, ``root`` the plugin directory that was searched.
    """

    plugin_id: str
    directory: Path
    place: Place
    manifest: Manifest | None
    errors: tuple[ManifestError, ...] = ()
    path: Path = attrs.field(default=attrs.Factory(lambda self: self.directory, takes_self=True))
    file: str = MANIFEST_NAME
    root: Path | None = None

    @property
    def key(self) -> tuple[str, str]:
        """By what a plugin is known: its id, and the path where it was put."""
        return self.plugin_id, str(self.path)


def shipped_directory() -> Path | None:
    """Where the plugins shipped with viewra are; None when they were not installed."""
    spec = find_spec("viewra_plugins")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def discover(given: Sequence[Path], user: Path | None, ids: Mapping[str, str] | None = None) -> list[Found]:
    """Every manifest, in order of precedence: the given directories in their order, the user's, those shipped.

    A manifest is ``plugin.cue``, or any ``*.cue`` file of a folder without one. What is shipped with viewra counts as
    that, by whichever path it is reached. ``ids`` has the id that the plugin at a path had when its manifest was valid.
    """
    shipped = shipped_directory()
    places = [(directory, Place.GIVEN) for directory in given]
    places += [(user, Place.USER)] if user is not None else []
    places += [(shipped, Place.SHIPPED)] if shipped is not None else []
    found: dict[Path, Found] = {}
    read_before: dict[Path, Found] = {}  # by real path: a manifest that is reached twice is evaluated once
    for directory, place in places:
        root = directory.absolute()
        for file in (file for _, files in folders_with_manifests(root) for file in files):
            if file in found:
                continue
            real = file.resolve()
            is_shipped = shipped is not None and real.is_relative_to(shipped.resolve())
            one = read_before.get(real) or read(file, Place.SHIPPED if is_shipped else place)
            read_before[real] = one
            one = attrs.evolve(one, path=file.parent, directory=real_path(file.parent), file=file.name, root=root)
            if one.manifest is None and ids is not None:
                one = attrs.evolve(one, plugin_id=ids.get(str(one.path), one.plugin_id))
            found[file] = one
    return list(found.values())


def in_force(candidates: Iterable[Found], rank: Callable[[Found], int]) -> tuple[list[Found], list[Found]]:
    """Of each id the one in force, and those that it hides.

    The one with the highest ``rank`` (0: it is not enabled) is in force, among equals the first: a plugin that is not
    enabled never hides one that is. Two in one plugin directory that are both not enabled are invalid, since neither
    can be meant.
    """
    groups: dict[str, list[Found]] = {}
    for found in candidates:
        groups.setdefault(found.plugin_id, []).append(found)
    chosen: list[Found] = []
    hidden: list[Found] = []
    for group in groups.values():
        winner = max(group, key=rank)  # the first of those
        others = [one for one in group if one.directory != winner.directory]
        twins = [one for one in others if one.root == winner.root and one.manifest is not None]
        if winner.manifest is not None and twins and not rank(winner):
            winner = _refused(winner, twins)
        refused = {one.path: _refused(one, [winner]) for one in twins}
        chosen.append(winner)
        hidden += [refused.get(one.path, one) for one in others]
    return chosen, hidden


def _refused(found: Found, others: Sequence[Found]) -> Found:
    """A plugin that has the id of others in the same plugin directory, as an invalid one."""
    names = ", ".join(str(other.path / other.file) for other in others)
    message = f"{found.plugin_id!r} is also the id of {names}: give each plugin an id of its own, or remove one"
    error = ManifestError(message, file=str(found.path / found.file), path="id")
    return attrs.evolve(found, manifest=None, errors=(error,))


def folders_with_manifests(directory: Path, depth: int = 0) -> Iterator[tuple[Path, list[Path]]]:
    """Each folder in which a manifest would be found below a plugin directory, itself included, with those it has.

    Nothing where there is no such directory: it holds no plugins.
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
        return  # what is below a plugin belongs to it
    if depth < DEEPEST:
        for entry in children:
            if not entry.name.startswith((".", "__")) and _is(entry, os.DirEntry.is_dir):
                yield from folders_with_manifests(Path(entry.path), depth + 1)


def _is(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return kind(entry)
    except OSError:  # a link to where nobody may look
        return False


def read(file: Path, place: Place) -> Found:
    """What a manifest says of the plugin in its folder, which may be reached through links; never raises."""
    path = file.parent.absolute()
    directory = real_path(path)
    try:
        manifest = manifests.load(directory / file.name)
    except ManifestError as error:
        return Found(path.name, directory, place, None, error.errors, path, file.name)
    return Found(manifest.id, directory, place, manifest, (), path, file.name)


def real_path(path: Path) -> Path:
    """The path without links; unlike ``Path.resolve`` it raises at none."""
    return Path(os.path.realpath(path))
