"""Launches proven runs of a version of a plugin's code; every failure is raised as a ``PluginError``."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

from viewra.errors import HandshakeError, PluginClosed, PluginError, PluginUnavailable, ViewraError
from viewra.host.installed.code import Code
from viewra.host.logs.log import PluginLog
from viewra.host.running import startup
from viewra.host.running.configuration import Configured, RunConfiguration
from viewra.host.running.launch_spec import LaunchSpec, Machinery
from viewra.host.running.lifecycle import MigrationPending
from viewra.host.running.reattach import Reattach
from viewra.host.running.run import Run
from viewra.host.running.watchdog import breach_at_start
from viewra.host.sync.background import side_by_side
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.turn import Turn

CLOSING = "is stopped, as its host ends"

log = logging.getLogger("viewra.host")


class Launching:
    """Starts one plugin's runs, none without ``machinery``; the caller holds the turn. ``on_exit`` gets ended runs."""

    def __init__(
        self,
        plugin_id: str,
        configuration: RunConfiguration,
        machinery: Machinery | None,
        plugin_log: PluginLog,
        turn: Turn,
        closing: Cancellation,
        on_exit: Callable[[Run], None],
    ) -> None:
        self.starts = 0
        self._plugin_id = plugin_id
        self._configuration = configuration
        self._machinery = machinery
        self._log = plugin_log
        self._turn = turn
        self._closing = closing
        self._on_exit = on_exit
        self._counting = threading.Lock()

    @property
    def possible(self) -> bool:
        """Whether this host can start plugins."""
        return self._machinery is not None

    def launch(
        self, code: Code | Configured, *, only_database: bool = False, may_migrate: bool = True
    ) -> tuple[Run, Configured]:
        """Start and prove a process of this code; returns it, which does not serve yet, and its configuration.

        Raises PluginUnavailable or PluginClosed, and MigrationPending if its database needs a migration and
        ``may_migrate`` is false.
        """
        beginning = self._turn.begin()
        with self._told(beginning), self._closing.cuts(beginning.close):
            fresh = isinstance(code, Code)
            configured = self._configuration.configure(code) if isinstance(code, Code) else code
            self._configuration.build_environment(configured.code, beginning)
            spec = self._configuration.spec(
                configured, only_database=only_database, may_migrate=may_migrate, fresh=fresh
            )
            return self._start(spec, beginning), configured

    def prepare(self, code: Code) -> None:
        """Build the environment of this version, so that a start need not; raises as ``launch``."""
        beginning = self._turn.begin()
        with self._told(beginning), self._closing.cuts(beginning.close):
            self._configuration.build_environment(code, beginning)

    def launch_more(self, count: int, configured: Configured) -> tuple[Run, ...]:
        """Start ``count`` more processes of proven code concurrently; returns all of them, or raises as ``launch``."""
        beginning = self._turn.begin()
        with self._told(beginning):
            specs = [self._configuration.spec(configured, may_migrate=False) for _ in range(count)]
        fresh: list[Run] = []
        failures: list[PluginError] = []

        def start(spec: LaunchSpec) -> None:
            try:
                with self._told(beginning), self._closing.cuts(beginning.close):
                    fresh.append(self._start(spec, beginning))
            except PluginError as error:
                failures.append(error)

        if self._machinery is not None:
            works = [lambda spec=spec: start(spec) for spec in specs]
            longest_s = 2 * configured.runtime.start_timeout_s + 60.0
            side_by_side(self._machinery.clock, f"start-{self._plugin_id}", works, longest_s)
        if len(fresh) == count:
            return tuple(fresh)
        for run in fresh:
            run.abandon()
        if failures:
            raise failures[0]
        raise PluginUnavailable(self._plugin_id, "did not start: a start has not ended in its time")

    def take_over(self, record: Reattach, code: Code) -> tuple[Run, Configured]:
        """Connect to a running process; if that fails, raises ViewraError and leaves the process running."""
        if self._machinery is None:
            raise PluginUnavailable(self._plugin_id, "is not attached to by a host that only looks")
        configured = self._configuration.configure(code)
        spec = self._configuration.spec(configured)
        return startup.attach(self._machinery, record, spec, self._log.new_run(), self._on_exit), configured

    def _start(self, spec: LaunchSpec, beginning: Cancellation) -> Run:
        if self._machinery is None:
            raise PluginUnavailable(self._plugin_id, "is not started by a host that only looks")
        if self._closing.closed:
            raise PluginClosed(self._plugin_id, CLOSING)
        run = startup.start(self._machinery, spec, self._log.new_run(), self._on_exit, beginning)
        with self._counting:
            self.starts += 1
        if reason := breach_at_start(run):  # the watchdog would end it again and again, until it is in quarantine
            run.stop()
            raise PluginUnavailable(self._plugin_id, f"did not start: it {reason}", hint="raise the limit")
        return run

    def _cancelled(self) -> PluginClosed:
        return PluginClosed(self._plugin_id, CLOSING if self._closing.closed else "was stopped while it started")

    @contextlib.contextmanager
    def _told(self, beginning: Cancellation) -> Iterator[None]:
        """Translate every failure to a PluginError; an interrupted start raises PluginClosed."""
        try:
            yield
        except PluginError:
            raise
        except HandshakeError as error:
            if beginning.closed:  # the process was killed to cancel its start
                raise self._cancelled() from error
            reason = f"did not start, at the step {error.step}: {error.message}"
            raise PluginUnavailable(self._plugin_id, reason, hint=error.hint) from error
        except ViewraError as error:  # its settings are invalid
            if beginning.closed:  # the building of its environment was cancelled
                raise self._cancelled() from error
            raise PluginUnavailable(self._plugin_id, f"did not start: {error}", hint=error.hint) from error
        except OSError as error:  # its directory cannot be created, or no descriptors are left
            raise PluginUnavailable(self._plugin_id, f"did not start: {error}") from error
        except MigrationPending:
            raise
        except Exception as error:
            log.exception("plugin %s: its start failed unexpectedly", self._plugin_id)
            reason = f"did not start: {type(error).__name__}: {error}"
            raise PluginUnavailable(self._plugin_id, reason) from error


def is_crash(error: PluginError) -> bool:
    """Whether a failed start counts toward quarantine: invalid settings and pins that do not match do not count."""
    cause = error.__cause__
    if isinstance(cause, HandshakeError):
        return cause.step != "verify"
    return cause is not None and not isinstance(cause, ViewraError)
