"""Which plugins there are: every manifest in the plugin directories, and which one of each id is in force."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
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

    ``plugin_id`` is the manifest's id, or the folder's name where the manifest does not say it.
    """

    plugin_id: str
    directory: Path
    place: Place
    manifest: Manifest | None
    errors: tuple[ManifestError, ...] = ()


def shipped_directory() -> Path | None:
    """Where the plugins shipped with viewra are; None when they were not installed."""
    spec = find_spec("viewra_plugins")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def discover(given: Sequence[Path], user: Path | None) -> list[Found]:
    """Every manifest, in order of precedence: the given directories in their order, the user's, those shipped.

    A manifest is ``plugin.cue``, or any ``*.cue`` file of a folder without one. One that is reached twice counts once;
    what is shipped with viewra counts as that, by whichever way it is reached.
    """
    shipped = shipped_directory()
    places = [(directory, Place.GIVEN) for directory in given]
    places += [(user, Place.USER)] if user is not None else []
    places += [(shipped, Place.SHIPPED)] if shipped is not None else []
    found: list[Found] = []
    seen: set[Path] = set()
    for directory, place in places:
        here: list[Found] = []
        for file in (file for _, files in folders_with_manifests(directory) for file in files):
            real = file.resolve()
            if real in seen:
                continue
            seen.add(real)
            is_shipped = shipped is not None and real.is_relative_to(shipped.resolve())
            here.append(read(real, Place.SHIPPED if is_shipped else place))
        found += _refuse_twins(here)
    return found


def in_force(candidates: Iterable[Found], enabled: Iterable[tuple[str, str]]) -> tuple[list[Found], list[Found]]:
    """Of each id the one in force, and those that it hides.

    ``enabled`` has (id, real path) of the enabled ones: a disabled plugin never hides an enabled one; among equals the
    first found wins.
    """
    allowed = set(enabled)
    groups: dict[str, list[Found]] = {}
    for found in candidates:
        groups.setdefault(found.plugin_id, []).append(found)
    chosen: list[Found] = []
    hidden: list[Found] = []
    for plugin_id, group in groups.items():
        winner = next((one for one in group if (plugin_id, str(one.directory)) in allowed), group[0])
        chosen.append(winner)
        hidden += [one for one in group if one is not winner]
    return chosen, hidden


def _refuse_twins(found: list[Found]) -> list[Found]:
    """Of one plugin directory: two of one id are invalid, both of them, since neither can be said to be meant."""
    places: dict[str, list[Path]] = {}
    for one in found:
        if one.manifest is not None:
            places.setdefault(one.plugin_id, []).append(one.manifest.file)
    checked = []
    for one in found:
        twins = places.get(one.plugin_id, []) if one.manifest is not None else []
        if one.manifest is not None and len(twins) > 1:
            others = ", ".join(str(file) for file in twins if file != one.manifest.file)
            message = f"{one.plugin_id!r} is also the id of {others}: give each plugin an id of its own, or remove one"
            error = ManifestError(message, file=str(one.manifest.file), path="id")
            one = attrs.evolve(one, manifest=None, errors=(error,))
        checked.append(one)
    return checked


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
    """What a manifest, whose real path is given, says of the plugin in its directory; never raises."""
    directory = file.parent
    try:
        manifest = manifests.load(file)
    except ManifestError as error:
        return Found(directory.name, directory, place, None, error.errors)
    return Found(manifest.id, directory, place, manifest)
