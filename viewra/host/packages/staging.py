"""Stages a package before it is installed: fetched into a folder beside the installed versions, and checked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from viewra.errors import ManifestError
from viewra.host.environments.environments import with_requirements
from viewra.host.installed.data_dir import PACKAGES, make_private
from viewra.host.installed.folders import MANIFEST_NAME, folders_with_manifests
from viewra.host.installed.held_folder import held_folder
from viewra.host.installed.versions import Origin
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.names import BadPackage
from viewra.manifest import Manifest
from viewra.manifest.report import check
from viewra.process.verify import tree_digest

FOLDER, PREFIX = ".staged", "package-"
"""Where packages are staged (discovery skips names that begin with a dot), and how the names of folders there begin."""

Fetch = Callable[[Path, Told], Origin]
"""Puts a package's files into ``files`` in a folder, tells of their bytes, and gives its origin."""


@attrs.frozen
class Staged:
    """A package whose manifest is valid, in a ``directory`` that is deleted at the end unless it is moved away."""

    directory: Path
    manifest: Manifest
    origin: Origin

    @property
    def tree(self) -> str:
        """The digest of all its files."""
        return tree_digest(self.directory)


@contextlib.contextmanager
def staged(data_dir: Path, fetch: Fetch, inner: str = "", told: Told = untold) -> Iterator[Staged]:
    """Fetch a package and check it; ``inner`` is the folder in it that has the plugin, "" to find it.

    ``told`` is told of the bytes that are fetched.

    Raises what ``fetch`` raises, BadPackage for a package without exactly one plugin, ManifestError with all errors.
    """
    make_private(data_dir)
    parent = data_dir.absolute() / PACKAGES / FOLDER
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with held_folder(PREFIX, parent) as folder:
        origin = fetch(folder, told)
        directory = plugin_in(folder / "files", inner)
        with as_in_package(directory):
            manifest = checked(directory)
        yield Staged(directory, manifest, origin)


@contextlib.contextmanager
def as_in_package(directory: Path) -> Iterator[None]:
    """Have errors name files as they are in the package: the ``directory`` in which it is staged is soon gone."""
    try:
        yield
    except ManifestError as error:
        for one in (error, *error.errors):
            one.file = one.file.removeprefix(f"{directory}/")
        raise


def checked(directory: Path) -> Manifest:
    """The manifest of a package; raises ManifestError with all errors in it and in its files."""
    report = with_requirements(check(directory))
    if report.manifest is None or report.errors:
        first = report.errors[0]
        raise ManifestError(
            first.message, file=first.file, line=first.line, column=first.column, path=first.path, hint=first.hint,
            errors=report.errors,
        )  # fmt: skip
    return report.manifest


def plugin_in(files: Path, inner: str) -> Path:
    """The folder of the plugin among a package's files; raises BadPackage."""
    if inner:
        directory = files.joinpath(*[part for part in inner.split("/") if part not in {"", ".", ".."}])
        if not (directory / MANIFEST_NAME).is_file():
            raise BadPackage(f"there is no {MANIFEST_NAME} in its folder {inner}")
        return directory
    found = [
        folder for folder, manifests in folders_with_manifests(files) if MANIFEST_NAME in {m.name for m in manifests}
    ]
    if not found:
        raise BadPackage(
            f"it contains no plugin: there is no {MANIFEST_NAME}",
            hint="the manifest is in the package's first folder, or at most three levels below",
        )
    if len(found) > 1:
        names = ", ".join(str(folder.relative_to(files)) for folder in found[:10])
        raise BadPackage(f"it contains several plugins: {names}", hint="name one: SOURCE#FOLDER")
    return found[0]
