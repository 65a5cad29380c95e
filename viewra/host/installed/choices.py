"""Stores the operator's choices for one host's plugins: which may run, their settings, and how they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from viewra.host.installed.discovery import Found
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.grants import Grant, Grants
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.settings import RUNTIME_MARK, PluginSettings
from viewra.manifest import Manifest, Runtime


class OperatorChoices:
    """Reads and stores choices in the host's database; secrets with the key in ``data_dir``. Thread-safe."""

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self._engine = engine
        self._grants = Grants(engine)
        self._box = SecretBox(data_dir)

    def enabled(self) -> Enabled:
        """The enabled plugins at this moment."""
        return Enabled(self._engine)

    def remember(self, found: Found, enabled: bool) -> None:
        """Store whether this plugin may run, at its present path."""
        self.enabled().remember(found, enabled)

    def permissions(self, found: Found) -> tuple[Grant, ...]:
        """The permissions that this plugin requests, and whether they are granted."""
        return self._grants.of(found)

    def decide(self, found: Found, names: Sequence[str], *, granted: bool, paths: Sequence[str]) -> None:
        """Store its permissions; raises UsageError for one that it does not request."""
        self._grants.set(found, names, granted=granted, paths=paths)

    def settings(self, found: Found) -> PluginSettings | None:
        """The settings of this version of a plugin; None if its manifest is invalid."""
        if found.manifest is None:
            return None
        return PluginSettings(found.plugin_id, found.manifest.settings, self._engine, self._box)

    def runtime_settings(self, found: Found) -> PluginSettings | None:
        """The settings of how it runs; None if its manifest is invalid."""
        return self._of_runtime(found.manifest) if found.manifest is not None else None

    def runtime(self, manifest: Manifest) -> Runtime:
        """How it runs, by its manifest and the operator's settings; raises ManifestError for invalid settings."""
        values = self._of_runtime(manifest).operator()
        return manifest.runtime_schema.runtime(values) if values else manifest.runtime

    def _of_runtime(self, manifest: Manifest) -> PluginSettings:
        schema = manifest.runtime_schema
        return PluginSettings(
            manifest.id, schema.settings, self._engine, self._box, mark=RUNTIME_MARK, given=schema.given
        )
