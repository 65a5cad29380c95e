"""How one version of a plugin's code takes the place of another, with no call lost.

Beside each other: the new processes are started and proven while the old ones serve; then calls go to the new ones, and
the old ones end those that they have. One after the other, for a plugin that holds what only one process can hold, or
whose database has to be migrated: calls wait while the old process ends and the new one starts; when that fails, the
database and the old code are put back.
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
from viewra.host.running import draining, workers
from viewra.host.running.configuration import Configured
from viewra.host.running.draining import LONGEST_S
from viewra.host.running.lifecycle import MigrationPending
from viewra.host.running.run import Run
from viewra.host.running.runs import Runs
from viewra.host.running.states import Event
from viewra.types import PluginState


@attrs.frozen
class Reloader:
    """Replaces the runs of a plugin, in one's turn."""

    runs: Runs

    def replace(self, run: Run, old: Code, new: Code) -> str:
        """Let ``new`` serve instead of ``old``, which ``run`` and those beside it run; says what happened.

        Raises PluginUnavailable, with the reason, when ``new`` cannot be used: then ``old`` serves on. Raises
        PluginClosed when somebody ends the plugin meanwhile.
        """
        pool = self.runs.pool
        try:
            configured = self._configured(new)
            if self._beside(run, configured):
                try:
                    for replaced in self.runs.serve(self._proven(run, configured), configured):
                        self.runs.draining.add(replaced)
                except MigrationPending:
                    self._one_after_the_other(run, old, configured)
            else:
                self._one_after_the_other(run, old, configured)
        except PluginClosed:  # somebody ends the plugin, or the host: that says nothing of the new code
            raise
        except ViewraError as error:
            what = f"version {new.version}" if new.version not in {"?", old.version} else "the changed code"
            reason = f"{what} is not used, version {old.version} serves on: it {error.message}"
            cause = error.__cause__
            output = last_words(cause.output) if isinstance(cause, HandshakeError) else ()
            told = "\n".join((reason, *output))
            if not pool.become(Event.TOLD, PluginState.RUNNING, told, only_from={PluginState.RUNNING}):
                raise  # nothing serves: what was raised says why
            raise PluginUnavailable(self.runs.plugin_id, reason, hint=error.hint) from (cause or error)
        return _what(old, new)

    def _configured(self, new: Code) -> Configured:
        """How the new version is to be run; raises ViewraError where what the operator set does not fit."""
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
        """Whether both may run at the same time."""
        if "restart" in {self.runs.configuration.runtime.reload, new.runtime.reload}:
            return False
        silent = "database_service" in run.services and not run.describes
        return not (silent and self.runs.configuration.database(new.code).must_migrate(None))

    def _proven(self, run: Run, new: Configured) -> tuple[Run, ...]:
        """All processes of the new version, each proven."""
        launching = self.runs.launching
        fresh, _ = launching.launch(new, may_migrate=False)
        lost = ", ".join(sorted(run.services - fresh.services))
        if lost:
            fresh.stop()
            hint = f"viewra plugins restart {self.runs.plugin_id}, if that is meant"
            raise PluginUnavailable(self.runs.plugin_id, f"lost a service that it had: {lost}", hint=hint)
        more = workers.wanted(new.runtime, fresh.services) - 1
        if not more:
            return (fresh,)
        try:
            return (fresh, *launching.launch_more(more, new))
        except BaseException:
            fresh.stop()
            raise

    def _one_after_the_other(self, run: Run, old: Code, new: Configured) -> None:
        """Raises PluginUnavailable; then ``old`` serves again, unless the state says otherwise."""
        runs, pool, version = self.runs, self.runs.pool, new.code.version
        reason = f"version {version} takes the place of {old.version}"
        before = self._revision(run)
        run.quiesce(runs.closing)  # while calls are still answered: the sooner it ends, the shorter they wait
        draining.end(pool.take(Event.END, PluginState.DRAINING, reason), LONGEST_S, runs.closing, clock=runs.clock)
        runs.crashes.restart.off()
        pool.become(Event.START, PluginState.STARTING, reason)
        restore: Callable[[], object] = bool
        try:
            if "database_service" in run.services:
                restore = self._way_back(old, new, before)
            self._serve_one(new)
        except BaseException as error:
            ended = isinstance(error, PluginClosed)
            try:
                restore()
                if not ended:
                    self._go_back(old)
            except BaseException as failure:
                told = f"version {version} {_message(error)}; {old.version} cannot serve again: {failure}"
                pool.become(Event.FAILED, PluginState.CRASHED, told)
                if not isinstance(failure, Exception):
                    raise
                raise PluginUnavailable(runs.plugin_id, told, hint=getattr(error, "hint", None)) from failure
            if ended:
                pool.become(Event.CANCELLED, PluginState.STOPPED, _message(error))
            raise

    def _serve_one(self, code: Code | Configured) -> None:
        run, configured = self.runs.launching.launch(code)
        try:
            self.runs.serve((run,), configured)
        except BaseException:
            run.abandon()
            raise

    def _revision(self, run: Run) -> str | None:
        """Where the plugin's database stands, which ``run`` serves; None of one that has none, or cannot say."""
        if not run.describes:
            return None
        state = DatabaseClient(run.endpoint).describe(self.runs.configuration.database_url)
        return state.current if state is not None else None

    def _way_back(self, old: Code, new: Configured, before: str | None) -> Callable[[], object]:
        """How the database becomes again what it is now, when nobody uses it; raises PluginUnavailable.

        A file is copied now. In PostgreSQL the new code, which knows the way, takes its migrations back.
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

    def _go_back(self, old: Code) -> None:
        """Let the code serve again that was kept when it ran last; raises PluginUnavailable."""
        place: Path | None = self.runs.installation.kept.path(old.code_hash)
        if place is None:
            raise PluginUnavailable(self.runs.plugin_id, "its code was not kept")
        self._serve_one(Code(read(place / old.manifest.file.name, old.found.place), old.code_hash))


def _message(error: BaseException) -> str:
    return error.message if isinstance(error, ViewraError) else f"failed with {type(error).__name__}: {error}"


def _what(old: Code, new: Code) -> str:
    if old.code_hash == new.code_hash:
        return f"reloaded, the code of version {new.version} is the same"
    if old.version == new.version:
        return f"reloaded, with the changed code of version {new.version}"
    return f"reloaded: {old.version} → {new.version}"
