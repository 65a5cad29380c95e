"""What an operator may change of one plugin, and the errors where nothing can be changed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from viewra.errors import PluginUnavailable, ViewraError
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found
from viewra.host.installed.grants import Grant
from viewra.host.installed.installation import Installation
from viewra.host.installed.pins import Pin
from viewra.host.installed.settings import PluginSettings
from viewra.host.running.runner import Runner, in_process


class Operated:
    """One plugin from the operator's side; ``choices`` is None for one that runs without a host."""

    def __init__(self, runner: Runner, choices: OperatorChoices | None) -> None:
        self._runner = runner
        self._choices = choices

    @property
    def found(self) -> Found | None:
        """The files found on disk for the version in use; None for an in-process plugin."""
        return self._runner.installation.found if self._runner.installation is not None else None

    @property
    def permissions(self) -> tuple[Grant, ...]:
        """The permissions that it requests, and whether they are granted; empty for an in-process plugin."""
        found = self.found
        return self._choices.permissions(found) if self._choices is not None and found is not None else ()

    @property
    def pinned(self) -> Pin | None:
        """The digests to which it is pinned, None if it is not."""
        found = self.found
        return self._choices.pinned(found) if self._choices is not None and found is not None else None

    def on_disk(self, what: str) -> Installation:
        """Its installation. Raises UsageError for an in-process plugin, which has none to ``what``."""
        if self._runner.installation is None:
            raise in_process(self._runner.plugin_id, what)
        return self._runner.installation

    def newest(self) -> Found:
        """The version on disk, which may wait for what it asks for: grants belong to the place of a plugin."""
        installation = self.on_disk("grant")
        return attrs.evolve(installation.on_disk().found, path=installation.place.path)

    def kept(self, what: str) -> OperatorChoices:
        """What the host keeps of it. Raises UsageError as ``on_disk``, and ViewraError without a host."""
        self.on_disk(what)  # of an object in the host's process nothing is kept, with or without a host
        if self._choices is None:
            raise ViewraError(f"plugin {self._runner.plugin_id} runs without a host: there is nothing to {what}")
        return self._choices

    def decide(self, names: Sequence[str], *, granted: bool, **scope: Sequence[str]) -> None:
        """Grant or revoke these permissions; a running plugin is reloaded, with no call lost."""
        self.kept("grant").decide(self.newest(), names, granted=granted, **scope)
        if self._runner.pid is not None:
            self._runner.reload()

    def valid(self, settings: PluginSettings | None) -> PluginSettings:
        """Its settings. Raises PluginUnavailable if its manifest is invalid."""
        self.require_valid()
        assert settings is not None  # noqa: S101 - a valid manifest has them
        return settings

    def require_valid(self) -> None:
        """Raise PluginUnavailable for a plugin in a directory if its manifest is invalid."""
        if self.found is not None and self.found.manifest is None:
            reason = f"is invalid: {self._runner.reason}"
            raise PluginUnavailable(self._runner.plugin_id, reason, hint="correct its manifest first")
