"""Handles processes that crash or fail to start: starts the plugin again after a pause, or quarantines it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from viewra.db import Quarantine
from viewra.errors import HandshakeError, PluginClosed, PluginError
from viewra.host.installed.installation import Installation
from viewra.host.logs.log import last_words
from viewra.host.logs.telling import Telling
from viewra.host.running.draining import Draining
from viewra.host.running.launching import is_crash
from viewra.host.running.pool import Loss, Pool
from viewra.host.running.remembered import PluginMemory
from viewra.host.running.run import Run
from viewra.host.running.states import Event
from viewra.host.sync.clock import Clock
from viewra.host.sync.timer import Still, Timer
from viewra.types import PluginState

log = logging.getLogger("viewra.host")


class Crashes:
    """Reports one plugin's crashes to its ``pool``, and sets the timer that calls ``start_again``."""

    def __init__(
        self,
        installation: Installation,
        telling: Telling,
        pool: Pool,
        memory: PluginMemory,
        draining: Draining,
        start_again: Callable[[Still], None],
        clock: Clock,
    ) -> None:
        self.restart = Timer(f"restart-{installation.plugin_id}", start_again, clock=clock)
        self._plugin_id = installation.plugin_id
        self._installation = installation
        self._telling = telling
        self._pool = pool
        self._memory = memory
        self._draining = draining

    def exited(self, run: Run) -> None:
        """Handle the end of a process: a crash, unless the run left the pool before. Do not call on gRPC's threads."""
        self.lost(run)
        loss = self._pool.loss(run)
        if loss is not None:
            run.close()
            self._settle(loss)

    def lost(self, run: Run) -> None:
        """Note a crash early; ``exited`` follows and closes the channel, which waits for the calls on it."""
        reason = "\n".join((run.end, *run.last_words))
        if self._pool.lose(run, reason):
            self._telling.failed(run.end, run.last_words)

    def look_after(self, runs: Sequence[Run]) -> None:
        """Check runs that have just begun to serve: ``exited`` ignored any that ended before that."""
        for run in runs:
            if run.process.ended:
                self.exited(run)

    def failed(self, error: PluginError, *, again: bool = False) -> None:
        """Handle a failed start; ``again``: start again after the pause, without a call."""
        if self._pool.state is not PluginState.STARTING:  # it serves, or its failure was handled already
            return
        if isinstance(error, PluginClosed):
            self._pool.become(Event.CANCELLED, PluginState.STOPPED, error.message)
            return
        reason = self._reason(error)
        cause = error.__cause__
        if isinstance(cause, HandshakeError) and cause.step == "migrate":  # would fail again: an operator has to act
            self._pool.become(Event.CANCELLED, PluginState.STOPPED, reason)
            return
        self._settle(self._pool.failed(reason, crash=is_crash(error), again=again))

    def missed(self, error: PluginError) -> None:
        """Handle a failed start of an additional process while others serve."""
        if not isinstance(error, PluginClosed):
            self._settle(self._pool.missed(self._reason(error), crash=is_crash(error)))

    def _reason(self, error: PluginError) -> str:
        cause = error.__cause__
        output = "\n".join(last_words(cause.output)) if isinstance(cause, HandshakeError) else ""
        self._telling.failed(error.message, output.splitlines())
        return f"{error.message}\n{output}" if output else error.message

    def _settle(self, loss: Loss) -> None:
        for run in loss.others:
            self._draining.add(run)
        if loss.quarantine:
            why = loss.quarantine.partition("\n")[0]
            log.error("plugin %s is in quarantine: it %s", self._plugin_id, why)
            self._memory.set_quarantine(Quarantine(self._installation.used.code_hash, loss.quarantine))
        elif loss.pause_s is not None:
            self.restart.set(loss.pause_s)
