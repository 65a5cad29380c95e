"""From a version of a plugin's code to proven runs of it: whatever goes wrong on the way is a ``PluginError``."""

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
from viewra.host.sync.cancellation import Cancellation
from viewra.host.sync.tasks import side_by_side
from viewra.host.sync.turn import Turn

CLOSING = "is stopped, as its host ends"

log = logging.getLogger("viewra.host")


class Launching:
    """Starts runs of one plugin, in one's ``turn``; without ``machinery`` none. ``on_exit`` is told of their ends."""

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
        """Whether this host starts plugins."""
        return self._machinery is not None

    def launch(
        self, code: Code | Configured, *, only_database: bool = False, may_migrate: bool = True
    ) -> tuple[Run, Configured]:
        """A proven process of this code, which does not serve yet, and how it is run; the state stays as it is.

        Raises PluginUnavailable or PluginClosed, and MigrationPending where it ``may`` not ``migrate`` and would have
        to.
        """
        beginning = self._turn.begin()
        with self._told(beginning):
            fresh = isinstance(code, Code)
            configured = self._configuration.configure(code) if isinstance(code, Code) else code
            spec = self._configuration.spec(
                configured, only_database=only_database, may_migrate=may_migrate, fresh=fresh
            )
            return self._start(spec, beginning), configured

    def launch_more(self, count: int, configured: Configured) -> tuple[Run, ...]:
        """``count`` more processes of code of which one is proven, side by side; all of them, or it raises as above."""
        beginning = self._turn.begin()
        with self._told(beginning):
            specs = [self._configuration.spec(configured, may_migrate=False) for _ in range(count)]
        fresh: list[Run] = []
        failures: list[PluginError] = []

        def start(spec: LaunchSpec) -> None:
            try:
                with self._told(beginning):
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
        """A process that runs already; raises ViewraError and leaves it as it is if that fails."""
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
        with self._closing.cuts(beginning.close):
            run = startup.start(self._machinery, spec, self._log.new_run(), self._on_exit, beginning)
        with self._counting:
            self.starts += 1
        return run

    @contextlib.contextmanager
    def _told(self, beginning: Cancellation) -> Iterator[None]:
        """Tell what goes wrong as a PluginError, whatever it is; a run that was interrupted ends as PluginClosed."""
        try:
            yield
        except PluginError:
            raise
        except HandshakeError as error:
            if beginning.closed:  # it was killed for that
                why = CLOSING if self._closing.closed else "was stopped while it started"
                raise PluginClosed(self._plugin_id, why) from error
            reason = f"did not start, at the step {error.step}: {error.message}"
            raise PluginUnavailable(self._plugin_id, reason, hint=error.hint) from error
        except ViewraError as error:  # its settings do not fit
            raise PluginUnavailable(self._plugin_id, f"did not start: {error}", hint=error.hint) from error
        except OSError as error:  # its folder cannot be made, or there are no descriptors left
            raise PluginUnavailable(self._plugin_id, f"did not start: {error}") from error
        except MigrationPending:
            raise
        except Exception as error:
            log.exception("plugin %s: its start failed in a way that viewra does not know", self._plugin_id)
            reason = f"did not start: {type(error).__name__}: {error}"
            raise PluginUnavailable(self._plugin_id, reason) from error


def is_crash(error: PluginError) -> bool:
    """Whether a start that failed counts for the quarantine: settings and pins that do not fit do not."""
    cause = error.__cause__
    if isinstance(cause, HandshakeError):
        return cause.step != "verify"
    return cause is not None and not isinstance(cause, ViewraError)
