"""What follows when a plugin's process ends by itself or does not start: another start after a pause, or quarantine."""

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
    """Tells one plugin's ``pool`` of them, and sets the timer of the next start, which ``start_again`` makes."""

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
        """The process ended: by itself, unless the run was taken away before it was stopped. Not for gRPC's threads."""
        self.lost(run)
        loss = self._pool.loss(run)
        if loss is not None:
            run.close()
            self._settle(loss)

    def lost(self, run: Run) -> None:
        """As ``exited``, which still comes and sees to what may wait: closing a channel waits for the calls on it."""
        reason = "\n".join((run.end, *run.last_words))
        if self._pool.lose(run, reason):
            self._telling.failed(run.end, run.last_words)

    def look_after(self, runs: Sequence[Run]) -> None:
        """These serve from now on: one that has ended already was told of too early."""
        for run in runs:
            if run.process.ended:
                self.exited(run)

    def failed(self, error: PluginError, *, again: bool = False) -> None:
        """A start failed; ``again``: it is tried again without waiting for a call."""
        if self._pool.state is not PluginState.STARTING:  # it serves, or what it broke down of was told already
            return
        if isinstance(error, PluginClosed):
            self._pool.become(Event.CANCELLED, PluginState.STOPPED, error.message)
            return
        reason = self._reason(error)
        cause = error.__cause__
        if isinstance(cause, HandshakeError) and cause.step == "migrate":  # again it would fail: somebody has to look
            self._pool.become(Event.CANCELLED, PluginState.STOPPED, reason)
            return
        self._settle(self._pool.failed(reason, crash=is_crash(error), again=again))

    def missed(self, error: PluginError) -> None:
        """One more process, beside those that serve, did not start."""
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
