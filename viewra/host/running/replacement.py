"""How one version of a plugin's code takes the place of another, with no call lost.

Beside each other: the new process is started and proven while the old one serves; then calls go to the new one, and the
old one ends those that it has. One after the other, for a plugin that holds what only one process can hold, or whose
database has to be migrated: calls wait while the old process ends and the new one starts; when that fails, the database
and the old code are put back. When it is done is the supervisor's business, which sees to it that nobody else starts or
stops the plugin meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import attrs

from viewra.adapters import RemoteEndpoint
from viewra.adapters.database import DatabaseClient
from viewra.errors import HandshakeError, PluginClosed, PluginError, PluginUnavailable, ViewraError
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import read
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import readable
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.draining import LONGEST_S, Draining
from viewra.host.running.lifecycle import MigrationPending
from viewra.host.running.run import Run
from viewra.host.running.slot import Slot
from viewra.host.sync.cancellation import Cancellation
from viewra.types import PluginState


class Launch(Protocol):
    """Gives a proven process of some code; raises PluginError, or MigrationPending where it may not migrate."""

    def __call__(self, code: Code, *, only_database: bool = False, may_migrate: bool = True) -> Run:
        """Start it."""
        ...


class Serve(Protocol):
    """Lets calls go to a run from now on, and gives the one that they went to before."""

    def __call__(self, run: Run, code: Code, reason: str = "") -> Run | None:
        """Change over."""
        ...


@attrs.frozen
class Reloader:
    """Replaces the run in ``slot``; the replaced one goes to ``leaving``. A ``closing`` host waits for no call."""

    plugin_id: str
    slot: Slot
    leaving: Draining
    installation: Installation
    configuration: RunConfiguration
    launch: Launch
    serve: Serve
    closing: Cancellation

    def replace(self, run: Run, old: Code, new: Code) -> str:
        """Let ``new`` serve instead of ``old``, which ``run`` runs; says what happened.

        Raises PluginUnavailable, with the reason, when ``new`` cannot be used: then ``old`` serves on. Raises
        PluginClosed when somebody ends the plugin meanwhile.
        """
        try:
            if self._beside(run, new):
                try:
                    replaced = self.serve(self._proven(run, new), new)
                    if replaced is not None:  # it may have died meanwhile
                        self.leaving.add(replaced)
                except MigrationPending:
                    self._one_after_the_other(run, old, new)
            else:
                self._one_after_the_other(run, old, new)
        except PluginClosed:  # somebody ends the plugin, or the host: that says nothing of the new code
            raise
        except ViewraError as error:
            what = f"version {new.version}" if new.found.manifest is not None else "the new code"
            reason = f"{what} is not used, {old.version} serves on: it {error.message}"
            cause = error.__cause__
            output = map(readable, cause.output) if isinstance(cause, HandshakeError) else ()
            told = "\n".join((reason, *output))
            if not self.slot.become(PluginState.RUNNING, told, only_from={PluginState.RUNNING}):
                raise  # nothing serves: what was raised says why
            raise PluginUnavailable(self.plugin_id, reason, hint=error.hint) from (cause or error)
        return _what(old, new)

    def _beside(self, run: Run, new: Code) -> bool:
        """Whether both may run at the same time; raises ManifestError where what the operator set does not fit."""
        if "restart" in {self.configuration.runtime.reload, self.configuration.runtime_for(new).reload}:
            return False
        silent = "database_service" in run.services and not run.describes
        return not (silent and self.configuration.database(new).must_migrate(None))

    def _proven(self, run: Run, new: Code) -> Run:
        fresh = self.launch(new, may_migrate=False)
        lost = ", ".join(sorted(run.services - fresh.services))
        if lost:
            fresh.stop()
            hint = f"viewra plugins restart {self.plugin_id}, if that is meant"
            raise PluginUnavailable(self.plugin_id, f"lost a service that it had: {lost}", hint=hint)
        return fresh

    def _one_after_the_other(self, run: Run, old: Code, new: Code) -> None:
        """Raises PluginUnavailable; then ``old`` serves again, unless the state says otherwise."""
        reason = f"version {new.version} takes the place of {old.version}"
        before = self._revision(run)
        run.quiesce(self.closing)  # while calls are still answered: the sooner it ends, the shorter they wait
        taken = self.slot.take(PluginState.DRAINING, reason, run=run)
        if taken is not None:  # it may have died in this moment
            taken.drain(LONGEST_S, self.closing)
            taken.stop()
        self.slot.become(PluginState.STARTING, reason)
        restore: Callable[[], object] = bool
        try:
            if "database_service" in run.services:
                restore = self._way_back(old, new, before)
            self.serve(self.launch(new), new)
        except PluginError as error:
            ended = isinstance(error, PluginClosed)
            try:
                restore()
                if not ended:
                    self._go_back(old)
            except (ViewraError, OSError) as failure:
                told = f"version {new.version} {error.message}; {old.version} cannot serve again: {failure}"
                self.slot.become(PluginState.CRASHED, told)
                raise PluginUnavailable(self.plugin_id, told, hint=error.hint) from failure
            if ended:
                self.slot.become(PluginState.STOPPED, error.message)
            raise

    def _revision(self, run: Run) -> str | None:
        """Where the plugin's database stands, which ``run`` serves; None of one that has none, or cannot say."""
        state = DatabaseClient(RemoteEndpoint(run)).describe(self.configuration.database_url) if run.describes else None
        return state.current if state is not None else None

    def _way_back(self, old: Code, new: Code, before: str | None) -> Callable[[], object]:
        """How the database becomes again what it is now, when nobody uses it; raises PluginUnavailable.

        A file is copied now. In PostgreSQL the new code, which knows the way, takes its migrations back.
        """
        own = self.configuration.database(old)
        if own.is_copied:
            migrated_by = own.migrated_by
            try:
                copy = own.copy(f"before-{new.version}")
            except (ViewraError, OSError) as error:
                why = f"was not started: its database is not copied: {error}"
                raise PluginUnavailable(self.plugin_id, why) from error
            return lambda: own.restore(copy, migrated_by)

        def take_back() -> None:
            fresh = self.launch(new, only_database=True)
            try:
                database = DatabaseClient(RemoteEndpoint(fresh))
                state = database.describe(own.url)
                for _ in (state.above(before) or ()) if state is not None and before is not None else ():
                    database.rollback(own.url)
            finally:
                fresh.stop()

        return take_back

    def _go_back(self, old: Code) -> None:
        """Let the code serve again that was kept when it ran last; raises PluginUnavailable."""
        place: Path | None = self.installation.kept.path(old.code_hash)
        if place is None:
            raise PluginUnavailable(self.plugin_id, "its code was not kept")
        back = Code(read(place / old.manifest.file.name, old.found.place), old.code_hash)
        self.serve(self.launch(back), back)


def _what(old: Code, new: Code) -> str:
    if old.code_hash == new.code_hash:
        return f"reloaded, the code of version {new.version} is the same"
    if old.version == new.version:
        return f"reloaded, with the changed code of version {new.version}"
    return f"reloaded: {old.version} → {new.version}"
