"""The environments in which Python plugins run that name packages of their own; ``building`` makes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.errors import ManifestError
from viewra.host.environments.environment import FOLDER, PROJECT, TEXT, Environment
from viewra.host.environments.origins import Origins
from viewra.host.sync.cancellation import Cancellation
from viewra.manifest import Manifest
from viewra.manifest.report import CheckReport

if TYPE_CHECKING:
    from viewra.host.environments.building import Builder
    from viewra.host.environments.requirements import Requirements
    from viewra.host.environments.tools import Tool


class Environments:
    """The environments of one data directory. Thread-safe; hosts on the same directory wait for each other.

    Packages are taken from ``origins``, by ``tool`` or what is found, with a cache for all data directories.
    """

    def __init__(self, data_dir: Path, origins: Origins, *, tool: Tool | None = None) -> None:
        self._root = data_dir.absolute() / FOLDER
        self._origins = origins
        self._tool = tool

    def ready(self, manifest: Manifest) -> Environment | None:
        """The environment of a version of a plugin; None if it has none, or it is not built. Raises ManifestError."""
        wanted = wanted_by(manifest)
        return self._builder(manifest).ready(wanted) if wanted is not None else None

    def of(self, manifest: Manifest, cancellation: Cancellation | None = None) -> Environment | None:
        """The environment in which a version of a plugin runs, built if it is not there; None if it has none.

        Raises ManifestError for requirements that cannot be read, and ViewraError, which names the requirement, for
        those that cannot be met. ``cancellation`` ends a build.
        """
        wanted = wanted_by(manifest)
        if wanted is None:
            return None
        builder = self._builder(manifest)
        return builder.ready(wanted) or builder.build(wanted, cancellation or Cancellation())

    def _builder(self, manifest: Manifest) -> Builder:
        from viewra.host.environments.building import Builder  # light start: few plugins have an environment

        return Builder(self._root / manifest.id, self._origins, self._tool)


def with_requirements(report: CheckReport) -> CheckReport:
    """The report of a plugin with the fault of the packages that it names."""
    if report.manifest is None:
        return report
    try:
        wanted_by(report.manifest)
    except ManifestError as error:
        return attrs.evolve(report, ok=False, errors=(*report.errors, error))
    return report


def wanted_by(manifest: Manifest) -> Requirements | None:
    """What the plugin names; None if it names nothing, is not a Python program, or has its own ``.venv``.

    Raises ManifestError, with the file and the line, for what cannot be read.
    """
    directory = manifest.directory
    if not ((directory / TEXT).is_file() or (directory / PROJECT).is_file()):
        return None
    if not manifest.entry_point.endswith(".py") or (directory / ".venv" / "bin" / "python").exists():
        return None
    from viewra.host.environments.requirements import read_requirements  # as above

    return read_requirements(directory)
