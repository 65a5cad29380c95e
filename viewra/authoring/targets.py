"""Finds the plugin that an author means, by its directory or its id, and prepares its code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import attrs

from viewra.errors import ManifestError, PluginFault, UsageError, ViewraError
from viewra.host.admin.find import find_plugin
from viewra.host.environments.environments import with_requirements
from viewra.host.facade import Host
from viewra.host.installed.folders import MANIFEST_NAME
from viewra.manifest import Manifest
from viewra.manifest.report import CheckReport, check

BUILD_S = 300.0
"""Seconds that a build may take: a first one compiles all that the plugin uses."""


@attrs.frozen
class Target:
    """A plugin to work on. ``host_knows`` says that it was named by its id, under which a host keeps its settings."""

    directory: Path
    host_knows: bool

    def report(self) -> CheckReport:
        """The findings in its manifest and files."""
        return with_requirements(check(self.directory))

    def manifest(self) -> Manifest:
        """Its manifest; raises ManifestError with all errors in it and in its files."""
        report = self.report()
        if report.errors or report.manifest is None:
            first, *others = report.errors
            raise ManifestError(
                first.message, file=first.file, line=first.line, column=first.column, path=first.path, hint=first.hint,
                errors=(first, *others),
            )  # fmt: skip
        return report.manifest

    @property
    def is_built(self) -> bool:
        """Whether its program is made by ``make`` before it can run, as Go's are."""
        return (self.directory / "Makefile").is_file() and (self.directory / "go.mod").is_file()


def find_target(name: str, look: Callable[[], Host]) -> Target:
    """The plugin in a directory, or the one with an id among those of the host that ``look`` makes.

    Raises UsageError if there is neither.
    """
    directory = Path(name)
    if (directory / MANIFEST_NAME).is_file():
        return Target(directory.resolve(), host_knows=False)
    if directory.is_dir() or os.sep in name:
        missing = f"there is no {MANIFEST_NAME} in {directory}" if directory.is_dir() else f"there is no {directory}"
        raise UsageError(missing, hint="name the directory of a plugin; viewra plugins new NAME writes one")
    with look() as host:
        found = find_plugin(host.plugins, name).found
    if found is None:
        raise UsageError(f"plugin {name} has no directory")
    return Target(found.directory, host_knows=True)


def build(target: Target) -> str:
    """Build a plugin that has to be built; gives what the build said. Raises PluginFault if it failed."""
    if not target.is_built:
        return ""
    name = target.directory.name
    if shutil.which("make") is None:
        raise ViewraError(
            f"plugin {name} is built by make, which is not installed", hint="install make, or build it yourself"
        )
    try:
        done = subprocess.run(
            ["make"],  # noqa: S607 - the author's own, from the PATH
            cwd=target.directory,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PluginFault(name, f"was not built within {BUILD_S:g} s", call="make") from None
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0:
        raise PluginFault(name, f"could not be built\n{said}", call="make")
    return said
