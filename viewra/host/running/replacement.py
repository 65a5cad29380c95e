"""Replaces one version of a plugin's code by another without losing a call.

Normally both versions run side by side: the new processes are started and proven while the old ones serve; then calls
go to the new processes, and the old ones complete their calls in flight. If only one process can hold a resource, or
the database needs a migration, the versions run one after the other: calls wait while the old process stops and the
new one starts; if that fails, the reloader restores the database and starts the old code again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from viewra.adapters.database import DatabaseClient
from viewra.errors import HandshakeError, PluginClosed, PluginUnavailable, ViewraError
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import read
from viewra.host.logs.log import last_words
from viewra.host.running import draining
from viewra.host.running.configuration import Configured
from viewra.host.running.draining import LONGEST_S
from viewra.host.running.lifecycle import MigrationPending
from viewra.host.running.run import Run
from viewra.host.running.runs import Runs
from viewra.host.running.states import Event
from viewra.services import TABLES
from viewra.types import PluginState

STREAMS_S = 10.0
"""Seconds that streams go on while calls wait for the old process to end."""


@attrs.frozen
class Reloader:
    """Replaces the runs of one plugin; the caller holds the turn."""

    runs: Runs

    def replace(self, run: Run, old: Code, new: Code) -> str:
        """Replace ``old``, the code of ``run`` and of the other runs, by ``new``; returns a message about the result.

        Raises PluginUnavailable with the reason if ``new`` cannot be used; then ``old`` continues to serve. Raises
        PluginClosed if the plugin is stopped meanwhile.
        """
        pool = self.runs.pool
        try:
            configured = self._configured(new)
            self.runs.launching.prepare(new)  # while the old code serves: it may take minutes
            if self._beside(run, configured):
                try:
                    for replaced in self.runs.serve(self._proven(run, configured), configured):
                        self.runs.draining.add(replaced)
                except MigrationPending:
                    self._one_after_the_other(run, old, configured)
            else:
                self._one_after_the_other(run, old, configured)
        except PluginClosed:  # the plugin or the host is being stopped: the new code is not to blame
            raise
        except ViewraError as error:
            what = f"version {new.version}" if new.version not in {"?", old.version} else _changed(old, new)
            reason = f"{what} is not used, version {old.version} serves on: it {error.message}"
            cause = error.__cause__
            output = last_words(cause.output) if isinstance(cause, HandshakeError) else ()
            told = "\n".join((reason, *output))
            if not pool.become(Event.TOLD, PluginState.RUNNING, told, only_from={PluginState.RUNNING}):
                raise  # nothing serves: the raised error says why
            raise PluginUnavailable(self.runs.plugin_id, reason, hint=error.hint) from (cause or error)
        return _what(old, new)

    def _configured(self, new: Code) -> Configured:
        """The configuration of the new version; raises ViewraError if the operator's settings are invalid for it."""
        configured = self.runs.configuration.configure(new)
        new.manifest  # noqa: B018 - raises for one that is not valid
        if configured.error is not None:
            raise configured.error
        more = self.runs.configuration.asks_for_more(new)
        if more:
            plugin_id = self.runs.plugin_id
            said = "; ".join(f"{one.name}: it wants to {one.words}" for one in more)
            hint = f"viewra plugins grant {plugin_id} {' '.join(one.name for one in more)}"
            raise PluginUnavailable(plugin_id, f"asks for more than it may do: {said}", hint=hint)
        return configured

    def _beside(self, run: Run, new: Configured) -> bool:
        """Whether both versions may run at the same time."""
        if "restart" in {self.runs.configuration.runtime.reload, new.runtime.reload}:
            return False
        silent = TABLES in run.services and not run.describes
        return not (silent and self.runs.configuration.database(new.code).must_migrate(None))

    def _proven(self, run: Run, new: Configured) -> tuple[Run, ...]:
        """Start and prove all processes of the new version."""
        launching = self.runs.launching
        fresh, _ = launching.launch(new, may_migrate=False)
        lost = ", ".join(sorted(run.services - fresh.services))
        if lost:
            fresh.stop()
            hint = f"viewra plugins restart {self.runs.plugin_id}, if that is meant"
            raise PluginUnavailable(self.runs.plugin_id, f"lost a service that it had: {lost}", hint=hint)
        more = self.runs.workers.wanted(new.runtime, fresh.services) - 1
        if not more:
            return (fresh,)
        try:
            return (fresh, *launching.launch_more(more, new))
        except BaseException:
            fresh.stop()
            raise

    def _one_after_the_other(self, run: Run, old: Code, new: Configured) -> None:
        """Stop the old version, then start the new one; on failure start ``old`` again, raise PluginUnavailable."""
        runs, pool, version = self.runs, self.runs.pool, new.code.version
        reason = f"version {version} takes the place of {old.version}"
        before, ran = self._revision(run), self.runs.configuration.used
        run.quiesce(runs.closing)  # while the process still answers calls, so that calls wait less
        taken = pool.take(Event.END, PluginState.DRAINING, reason)
        draining.end(taken, LONGEST_S, runs.closing, streams_s=STREAMS_S, clock=runs.clock)
        runs.crashes.restart.off()
        pool.become(Event.START, PluginState.STARTING, reason)
        restore: Callable[[], object] = bool
        try:
            if TABLES in run.services:
                restore = self._way_back(old, new, before)
            self._serve_one(new)
        except BaseException as error:
            ended = isinstance(error, PluginClosed)
            try:
                restore()
                if not ended:
                    self._go_back(old, ran)
            except BaseException as failure:
                told = f"version {version} {_message(error)}; {old.version} cannot serve again: {failure}"
                pool.become(Event.FAILED, PluginState.CRASHED, told)
                if not isinstance(failure, Exception):
                    raise
                raise PluginUnavailable(runs.plugin_id, told, hint=getattr(error, "hint", None)) from failure
            if ended:
                pool.become(Event.CANCELLED, PluginState.STOPPED, _message(error))
            raise

    def _serve_one(self, configured: Configured) -> None:
        run, _ = self.runs.launching.launch(configured)
        try:
            self.runs.serve((run,), configured)
        except BaseException:
            run.abandon()
            raise

    def _revision(self, run: Run) -> str | None:
        """The schema version of the plugin's database as ``run`` reports it; None if it has or reports none."""
        if not run.describes:
            return None
        state = DatabaseClient(run.endpoint).describe(self.runs.configuration.database_url)
        return state.current if state is not None else None

    def _way_back(self, old: Code, new: Configured, before: str | None) -> Callable[[], object]:
        """Return a function that restores the database to its present state while no process uses it.

        A database file is copied now. In PostgreSQL the new code rolls its migrations back, because only it has them.
        Raises PluginUnavailable if the file cannot be copied.
        """
        own = self.runs.configuration.database(old)
        if own.is_copied:
            migrated_by = own.migrated_by
            try:
                copy = own.copy(f"before-{new.code.version}")
            except (ViewraError, OSError) as error:
                why = f"was not started: its database is not copied: {error}"
                raise PluginUnavailable(self.runs.plugin_id, why) from error
            return lambda: own.restore(copy, migrated_by)

        def take_back() -> None:
            fresh, _ = self.runs.launching.launch(new, only_database=True)
            try:
                database = DatabaseClient(fresh.endpoint)
                state = database.describe(own.url)
                for _ in (state.above(before) or ()) if state is not None and before is not None else ():
                    database.rollback(own.url)
            finally:
                fresh.stop()

        return take_back

    def _go_back(self, old: Code, before: Configured) -> None:
        """Start the old code as it ran ``before``, from the copy that was kept then; raises PluginUnavailable."""
        place: Path | None = self.runs.installation.kept.path(old.code_hash)
        if place is None:
            raise PluginUnavailable(self.runs.plugin_id, "its code was not kept")
        code = Code(read(place / old.manifest.file.name, old.found.place), old.code_hash)
        self._serve_one(attrs.evolve(before, code=code))


def _changed(old: Code, new: Code) -> str:
    return "a new process" if old.code_hash == new.code_hash else "the changed code"


def _message(error: BaseException) -> str:
    return error.message if isinstance(error, ViewraError) else f"failed with {type(error).__name__}: {error}"


def _what(old: Code, new: Code) -> str:
    if old.code_hash == new.code_hash:
        return f"reloaded, the code of version {new.version} is the same"
    if old.version == new.version:
        return f"reloaded, with the changed code of version {new.version}"
    return f"reloaded: {old.version} → {new.version}"
