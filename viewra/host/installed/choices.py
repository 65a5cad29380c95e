"""What the operator chose for the plugins of one host: which may run, their settings, and how they are run."""

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
    """Reads and keeps them in the host's database; secrets with the key in ``data_dir``. For any thread."""

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self._engine = engine
        self._grants = Grants(engine)
        self._box = SecretBox(data_dir)

    def enabled(self) -> Enabled:
        """Which plugins are enabled at this moment."""
        return Enabled(self._engine)

    def remember(self, found: Found, enabled: bool) -> None:
        """Keep whether this plugin may run, at the place where it is."""
        self.enabled().remember(found, enabled)

    def permissions(self, found: Found) -> tuple[Grant, ...]:
        """What this plugin asks for, and whether it may."""
        return self._grants.of(found)

    def decide(self, found: Found, names: Sequence[str], *, granted: bool, paths: Sequence[str]) -> None:
        """Keep what it may and may not; raises UsageError for what it does not ask for."""
        self._grants.set(found, names, granted=granted, paths=paths)

    def settings(self, found: Found) -> PluginSettings | None:
        """The settings of this version of a plugin; None where its manifest is not valid."""
        if found.manifest is None:
            return None
        return PluginSettings(found.plugin_id, found.manifest.settings, self._engine, self._box)

    def runtime_settings(self, found: Found) -> PluginSettings | None:
        """What may be set of how it is run; None where its manifest is not valid."""
        return self._of_runtime(found.manifest) if found.manifest is not None else None

    def runtime(self, manifest: Manifest) -> Runtime:
        """How it is run: by its manifest, or as the operator set it; raises ManifestError for what does not fit."""
        values = self._of_runtime(manifest).operator()
        return manifest.runtime_schema.runtime(values) if values else manifest.runtime

    def _of_runtime(self, manifest: Manifest) -> PluginSettings:
        schema = manifest.runtime_schema
        return PluginSettings(
            manifest.id, schema.settings, self._engine, self._box, mark=RUNTIME_MARK, given=schema.given
        )
