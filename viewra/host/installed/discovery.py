"""Finds every manifest in the plugin directories, and decides which one of each id is in force."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from viewra import manifest as manifests
from viewra.errors import ManifestError
from viewra.host.installed.folders import MANIFEST_NAME, folders_with_manifests, shipped_directory
from viewra.manifest import Manifest


class Place(enum.IntEnum):
    """Where a plugin was found, in order of precedence."""

    GIVEN = 0  # --plugins
    USER = 1  # the user's plugin directory
    SHIPPED = 2  # with viewra


@attrs.frozen
class Found:
    """One manifest; ``manifest`` is None if it is invalid, and ``errors`` says why.

    ``plugin_id`` is the manifest's id; if it is unreadable, the last id of a plugin at this path, or the folder's name.
    ``path`` is the folder where the operator put it, ``directory`` its present real folder. ``file`` is the manifest's
    name in it, ``root`` the plugin directory that was searched.
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
        """The identity of a plugin: its id, and the path where it was put."""
        return self.plugin_id, str(self.path)


def discover(given: Sequence[Path], user: Path | None, ids: Mapping[str, str] | None = None) -> list[Found]:
    """Every manifest, in order of precedence: the given directories in order, the user's, the shipped ones.

    A manifest is ``plugin.cue``, or any ``*.cue`` file of a folder without one. Shipped plugins count as shipped by any
    path. ``ids`` has the id of the plugin at a path when its manifest was last valid.
    """
    shipped = shipped_directory()
    places = [(directory, Place.GIVEN) for directory in given]
    places += [(user, Place.USER)] if user is not None else []
    places += [(shipped, Place.SHIPPED)] if shipped is not None else []
    found: dict[Path, Found] = {}
    read_before: dict[Path, Found] = {}  # by real path: a manifest reached twice is evaluated once
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
    """For each id the plugin in force, and those that it hides.

    The one with the highest ``rank`` (0: not enabled) is in force, among equals the first: a plugin that is not enabled
    never hides an enabled one. Two in one plugin directory that are both not enabled are invalid, since the choice is
    ambiguous.
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
    """A plugin with the same id as others in its plugin directory, marked as invalid."""
    names = ", ".join(str(other.path / other.file) for other in others)
    message = f"{found.plugin_id!r} is also the id of {names}: give each plugin an id of its own, or remove one"
    error = ManifestError(message, file=str(found.path / found.file), path="id")
    return attrs.evolve(found, manifest=None, errors=(error,))


def read(file: Path, place: Place) -> Found:
    """Read the manifest in a plugin's folder, which may be reached through links; never raises."""
    path = file.parent.absolute()
    directory = real_path(path)
    try:
        manifest = manifests.load(directory / file.name)
    except ManifestError as error:
        return Found(path.name, directory, place, None, error.errors, path, file.name)
    return Found(manifest.id, directory, place, manifest, (), path, file.name)


def real_path(path: Path) -> Path:
    """The path without links; unlike ``Path.resolve`` it raises if there is none."""
    return Path(os.path.realpath(path))


def why_gone(found: Found, chosen: Sequence[Found], rank: Callable[[Found], int]) -> str:
    """Why a plugin that ran is not among the ``chosen`` ones any more; ``rank`` is that of ``in_force``."""
    for other in chosen:
        state = "enabled, too" if rank(other) else f"not enabled (viewra plugins enable {other.plugin_id})"
        if other.path == found.path:
            return f"{found.path} holds plugin {other.plugin_id} now, which is {state}"
        if other.plugin_id == found.plugin_id:
            return f"the one in {other.path} takes its place, which is {state}"
    return f"there is no plugin in {found.path} any more"
