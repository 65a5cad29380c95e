"""The installed versions of plugins: ``plugin-packages/.versions/<id>/<version>``, with a record beside each.

The plugin's path is a link ``plugin-packages/<id>`` to the version in use, which is switched by one rename. So a kill
at any moment leaves either version in use, whole. A record contains the digests to which the code is pinned, so that
code and pin are switched together.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import attrs
import cattrs

from viewra.errors import UsageError
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.durable import flush, write_whole

HIDDEN = ".versions"  # discovery skips names that begin with a dot


@attrs.frozen
class Origin:
    """Where a package came from: a ``folder``, ``zip``, ``wheel``, ``git``, ``address``, ``catalog`` or ``upload``.

    ``place`` is the path or address, the plugin's id in the catalog at ``catalog``, or the name of the uploaded file;
    ``revision`` the commit or what was asked for. ``signer`` is the public key of a verified signature, "" for none.
    """

    kind: str
    place: str
    catalog: str = ""
    revision: str = ""
    signer: str = ""


@attrs.frozen
class Record:
    """One installed version: the SHA-256 of its entry point and of its whole directory, and its origin.

    ``before`` is the name of the version that it replaced, "" for the first one.
    """

    name: str
    version: str
    entry: str
    tree: str
    origin: Origin
    installed_at: float
    before: str = ""


class Versions:
    """The versions of one plugin. One process at a time changes them: the one that holds the data directory."""

    def __init__(self, data_dir: Path, plugin_id: str) -> None:
        self._packages = data_dir.absolute() / PACKAGES
        self._folder = self._packages / HIDDEN / plugin_id
        self.path = self._packages / plugin_id
        """Where the plugin is found."""

    @property
    def current(self) -> Record | None:
        """The version in use; None if this plugin was not installed by viewra."""
        return self.record(Path(os.path.realpath(self.path)))

    def record(self, directory: Path) -> Record | None:
        """The record of the version in this directory; None if there is none."""
        if directory.parent != Path(os.path.realpath(self._folder)):
            return None
        try:
            return cattrs.structure(json.loads(self._record_file(directory.name).read_text("utf-8")), Record)
        except (OSError, ValueError, cattrs.BaseValidationError):
            return None

    def named(self, name: str) -> Record | None:
        """The record of a kept version, None if it is not kept."""
        directory = self._folder / name
        return self.record(Path(os.path.realpath(directory))) if name and directory.is_dir() else None

    def require_free(self) -> None:
        """Raise UsageError if something that viewra did not install is at the plugin's path."""
        if os.path.lexists(self.path) and self.current is None:
            raise UsageError(
                f"{self.path} was not installed by viewra, and is left alone",
                hint=f"move it away, or: viewra plugins uninstall {self.path.name} --keep-data",
            )

    def add(self, staged: Path, record: Record) -> Path:
        """Move a package into its place beside the others, and return that place; raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._folder / record.name
        self.discard(record.name)  # left by an attempt that was interrupted
        write_whole(self._record_file(record.name), json.dumps(cattrs.unstructure(record), indent=1))
        flush(staged)
        staged.rename(place)
        flush(self._folder)
        return place

    def switch(self, name: str) -> None:
        """Use this version from now on; raises OSError."""
        link = self._packages / f".{self.path.name}.switch"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(HIDDEN) / self.path.name / name)
        link.replace(self.path)
        flush(self._packages)

    def discard(self, name: str) -> None:
        """Delete a version that is not in use."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder / name)
        self._record_file(name).unlink(missing_ok=True)

    def prune(self) -> None:
        """Delete the versions that are neither in use nor the one before."""
        current = self.current
        if current is None:
            return
        for path in self._folder.iterdir():
            name = path.name.removesuffix(".json")
            if name not in {current.name, current.before}:
                self.discard(name)

    def _record_file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def installed(data_dir: Path) -> dict[str, Record]:
    """The version in use of each plugin that viewra installed, by id."""
    folder = data_dir / PACKAGES / HIDDEN
    ids = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = {plugin_id: Versions(data_dir, plugin_id).current for plugin_id in ids}
    return {plugin_id: record for plugin_id, record in found.items() if record is not None}


def require_installed(data_dir: Path, plugin_id: str) -> Record:
    """The version in use; raises UsageError for a plugin that viewra did not install."""
    record = Versions(data_dir, plugin_id).current
    if record is None:
        known = ", ".join(installed(data_dir)) or "none"
        raise UsageError(f"{plugin_id!r} was not installed by viewra plugins install", hint=f"those that were: {known}")
    return record
