"""Installs packages: proves a new version before it is used, switches to it, and switches back if it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from viewra.digests import file_digest
from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.host.environments.environments import Environments
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.data_dir import PACKAGES
from viewra.host.installed.discovery import Found, Place, read, real_path
from viewra.host.installed.folders import MANIFEST_NAME
from viewra.host.installed.grants import Grant, allows, asked
from viewra.host.installed.versions import Origin, Record, Versions, require_installed
from viewra.host.packages.staging import FOLDER, as_in_package, checked
from viewra.manifest import Manifest
from viewra.process.verify import tree_digest


@attrs.frozen
class Consent:
    """What the operator agreed to: all permissions that it asks for, another signer, a version that was not tried."""

    permissions: bool = False
    signer: bool = False
    untried: bool = False


@attrs.frozen
class Installed:
    """The result: the version now in use, the one before, and why it was not tried, "" if it was."""

    found: Found
    record: Record
    before: str
    untried: str


TryOut = Callable[[Found, Mapping[str, object], Sequence[Grant]], None]
"""Starts and stops a version with the operator's settings and permissions; raises ViewraError if it does not start."""
TakeUp = Callable[[str], None]
"""Has a plugin's runs use the code that is now at its path; raises ViewraError if they cannot."""


@attrs.frozen
class Installer:
    """Installs plugins into the user's plugin directory. Its caller lets it do one thing at a time."""

    data_dir: Path
    choices: OperatorChoices
    environments: Environments
    try_out: TryOut

    def install(self, directory: Path, origin: Origin, consent: Consent, take_up: TakeUp) -> Installed:
        """Install a package that is staged in ``directory``, or replace the installed version of the plugin by it.

        Raises UsageError, with nothing changed, for what the operator has to agree to, and ViewraError for a package
        that is invalid or does not start.
        """
        parent = self.data_dir.absolute() / PACKAGES / FOLDER
        if not real_path(directory).is_relative_to(real_path(parent)):
            raise UsageError(f"{directory} is no staged package")
        manifest = checked(directory)
        versions = Versions(self.data_dir, manifest.id)
        versions.require_free()
        current = versions.current
        found = self._found(manifest, directory)
        record = _record(directory, manifest, origin, current)
        if current is not None and current.tree == record.tree:
            raise UsageError(f"{manifest.id} {manifest.version} is installed already, with the same files")
        self._require_consent(found, versions, current, record, consent)
        with as_in_package(directory):
            self.environments.of(manifest)
        granted = [one for one in self.choices.permissions(found) if one.granted or consent.permissions]
        untried = self._tried(found, granted, consent)
        if more := [one.name for one in granted if not one.granted]:
            self.choices.decide(found, more, granted=True)
        self.choices.unpin(found)  # a pin of the operator's own was of the version before
        place = versions.add(directory, record)
        self._switch(versions, record.name, current.name if current is not None else "", take_up, delete=True)
        versions.prune()
        found = attrs.evolve(found, directory=real_path(place))
        return Installed(found, record, current.version if current is not None else "", untried)

    def asks(self, manifest: Manifest, directory: Path) -> Sequence[Grant]:
        """What a package that is staged in ``directory`` asks for, and which of that is granted already."""
        return self.choices.permissions(self._found(manifest, directory))

    def roll_back(self, plugin_id: str, take_up: TakeUp) -> Installed:
        """Use the version again that the present one replaced; raises UsageError if it is not kept."""
        current = require_installed(self.data_dir, plugin_id)
        versions = Versions(self.data_dir, plugin_id)
        before = versions.named(current.before)
        if before is None:
            raise UsageError(f"no version of {plugin_id} before {current.version} is kept", hint="install one by name")
        self.choices.unpin(attrs.evolve(read(versions.path / MANIFEST_NAME, Place.USER), path=versions.path))
        self._switch(versions, before.name, current.name, take_up, delete=False)
        return Installed(read(versions.path / MANIFEST_NAME, Place.USER), before, current.version, "")

    def _found(self, manifest: Manifest, directory: Path) -> Found:
        path = Versions(self.data_dir, manifest.id).path
        return Found(manifest.id, real_path(directory), Place.USER, manifest, path=path)

    def _require_consent(
        self, found: Found, versions: Versions, current: Record | None, record: Record, consent: Consent
    ) -> None:
        signer = record.origin.signer
        if current is not None and current.origin.signer and current.origin.signer != signer and not consent.signer:
            now = f"by {signer}" if signer else "by nobody"
            raise UsageError(
                f"{found.plugin_id} {record.version} is signed {now}, "
                f"and {current.version} was signed by {current.origin.signer}",
                hint="if its author says that this is right, accept the signer (--accept-signer)",
            )
        more = self._more(found, versions)
        if current is not None and more and not consent.permissions:
            said = "; ".join(f"{one.name}: it wants to {one.words}" for one in more)
            raise UsageError(
                f"{found.plugin_id} {record.version} asks for more than {current.version}: {said}",
                hint="grant what it requests (--grant-requested)",
            )

    def _more(self, found: Found, versions: Versions) -> list[Grant]:
        """The permissions that it asks for, that the installed version does not, and that are not granted."""
        refused = [one for one in self.choices.permissions(found) if not one.granted]
        before = read(versions.path / MANIFEST_NAME, Place.USER).manifest if refused else None
        known = {one.name: one.scope for one in asked(before)} if before is not None else {}
        return [one for one in refused if not (one.name in known and allows(known[one.name], one.scope))]

    def _tried(self, found: Found, granted: Sequence[Grant], consent: Consent) -> str:
        """Try a version out; returns why it was not tried."""
        if consent.untried:
            return "you asked for that"
        try:
            self.choices.chosen(found).config()
        except ManifestError as error:  # an operator sets them once it is there
            return "it needs settings: " + "; ".join(one.message for one in error.errors)
        settings = self.choices.settings(found)
        self.try_out(found, settings.operator() if settings is not None else {}, granted)
        return ""

    def _switch(self, versions: Versions, name: str, before: str, take_up: TakeUp, *, delete: bool) -> None:
        versions.switch(name)
        try:
            take_up(versions.path.name)
        except BaseException:
            if before:
                versions.switch(before)
            else:
                versions.path.unlink(missing_ok=True)
            if delete:
                versions.discard(name)
            raise


def _record(directory: Path, manifest: Manifest, origin: Origin, current: Record | None) -> Record:
    try:
        tree = tree_digest(directory)
        entry = file_digest(directory / manifest.entry_point)
    except OSError as error:
        raise ViewraError(f"{error.filename} cannot be read: {error.strerror}") from error
    name = f"{manifest.version}-{tree[:12]}"
    return Record(name, manifest.version, entry, tree, origin, time.time(), current.name if current is not None else "")
