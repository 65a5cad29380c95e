"""Stores the operator's choices for one host's plugins: which may run, their settings, and how they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra.db import read_choices
from viewra.errors import ViewraError
from viewra.host.installed.discovery import Found
from viewra.host.installed.enabled import Enabled
from viewra.host.installed.grants import Grant, Grants, decided
from viewra.host.installed.pins import Pin, Pins
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.settings import RUNTIME_MARK, PluginSettings
from viewra.manifest import Manifest, Runtime


@attrs.frozen
class Chosen:
    """The operator's choices for one version of a plugin, as they were at one moment.

    ``config`` returns ``PluginContext.config``, and raises ManifestError for invalid settings; ``secrets`` the secret
    ones, those that the plugin does not get included. ``runtime`` is how it
    runs. ``error`` forbids a start: the operator's values for its runtime are invalid or unreadable; then ``runtime``
    is the manifest's. ``pin`` has the digests to which its code is pinned, None if it is not. ``permissions`` are those
    that it requests, and whether they are granted; None where nobody has read them.
    """

    config: Callable[[], dict[str, str]] = dict
    runtime: Runtime = attrs.field(factory=Runtime)
    error: ViewraError | None = None
    pin: Pin | None = None
    permissions: tuple[Grant, ...] | None = None
    secrets: Callable[[], dict[str, str]] = dict


class OperatorChoices:
    """Reads and stores choices in the host's database; secrets with the key in ``data_dir``. Thread-safe."""

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self._engine = engine
        self._grants = Grants(engine)
        self._pins = Pins(engine, data_dir)
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

    def decide(
        self,
        found: Found,
        names: Sequence[str],
        *,
        granted: bool,
        paths: Sequence[str] = (),
        libraries: Sequence[str] = (),
        hosts: Sequence[str] = (),
    ) -> None:
        """Store its permissions; raises UsageError for one that it does not request."""
        self._grants.set(found, names, granted=granted, paths=paths, libraries=libraries, hosts=hosts)

    def chosen(self, found: Found) -> Chosen:
        """The choices that a start of this version uses, read in one transaction."""
        manifest = found.manifest
        if manifest is None:
            return Chosen()
        try:
            stored = read_choices(self._engine, *found.key)
            pin = self._pins.kept(found, stored.pin)
            granted = decided(found, stored.grants)
            if not stored.settings:  # as for most plugins
                own = manifest.settings
                return Chosen(own.config, manifest.runtime, None, pin, granted, own.secret_texts)
            values = self._of_runtime(manifest).operator(stored.settings)
            runtime = manifest.runtime_schema.runtime(values) if values else manifest.runtime
        except ViewraError as error:
            return Chosen(runtime=manifest.runtime, error=error)
        settings = self._of_settings(manifest)
        config, secrets = partial(settings.config, stored.settings), partial(settings.secrets, stored.settings)
        return Chosen(config, runtime, None, pin, granted, secrets)

    def pin(self, found: Found) -> Pin:
        """Pin this plugin to its present code; raises ViewraError if that is unreadable."""
        return self._pins.pin(found)

    def unpin(self, found: Found) -> None:
        """Remove the pin of this plugin."""
        self._pins.unpin(found)

    def pinned(self, found: Found) -> Pin | None:
        """The digests to which this plugin is pinned, None if it is not."""
        return self._pins.of(found)

    def settings(
        self, found: Found, accept: Callable[[dict[str, str]], bool] = lambda _config: False
    ) -> PluginSettings | None:
        """The settings of this version of a plugin; None where its manifest is not valid. ``accept``: as there."""
        return self._of_settings(found.manifest, accept) if found.manifest is not None else None

    def runtime_settings(self, found: Found) -> PluginSettings | None:
        """The settings of how it runs; None if its manifest is invalid."""
        return self._of_runtime(found.manifest) if found.manifest is not None else None

    def _of_settings(
        self, manifest: Manifest, accept: Callable[[dict[str, str]], bool] = lambda _config: False
    ) -> PluginSettings:
        return PluginSettings(manifest.id, manifest.settings, self._engine, self._box, accept=accept)

    def _of_runtime(self, manifest: Manifest) -> PluginSettings:
        schema = manifest.runtime_schema
        return PluginSettings(
            manifest.id, schema.settings, self._engine, self._box, mark=RUNTIME_MARK, given=schema.given
        )
