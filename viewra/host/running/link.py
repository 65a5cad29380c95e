"""Connects adapters to a plugin that runs in its own processes, whichever of them serve."""

from __future__ import annotations

from collections.abc import Mapping

from viewra.adapters import Connection
from viewra.errors import PluginClosed, PluginUnavailable
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.services import TABLES
from viewra.types import PluginState

_ENDED = frozenset({PluginState.STOPPED, PluginState.DISABLED, PluginState.READY, PluginState.DRAINING})


class RunsLink:
    """The ``Link`` of one plugin. Thread-safe."""

    def __init__(self, runs: Runs) -> None:
        self.plugin_id = runs.plugin_id
        self.limits = runs.configuration.limits
        self.deadline_s = runs.configuration.deadline_s
        self._runs = runs
        self._pool = runs.pool

    @property
    def running(self) -> bool:
        """Whether it runs, so that a call need not start it."""
        return bool(self._pool.runs)

    @property
    def processes(self) -> int:
        """The number of processes that serve."""
        return len(self._pool.runs)

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs or ran last."""
        return self._runs.installation.used.code_hash

    @property
    def priority(self) -> Mapping[str, int]:
        """The priorities of its metadata by field, from its manifest."""
        manifest = self._runs.installation.found.manifest
        return manifest.priority if manifest is not None else {}

    @property
    def database_url(self) -> str:
        """The URL of its own database; "" for a plugin without one."""
        return self._runs.configuration.database_url if TABLES in self._runs.services else ""

    @property
    def known(self) -> bool:
        """Whether the host knows its services: from the manifest, or from an earlier start of this code."""
        return bool(self._runs.services) or self._runs.known_services is not None

    def recall(self, name: str) -> str | None:
        """The text that the host remembered under this name for the code on disk; None if there is none."""
        return self._runs.memory.fact(name)

    def remember(self, name: str, text: str) -> None:
        """Store a text for later hosts."""
        self._runs.memory.set_fact(name, text)

    def offers(self, capability: str) -> bool:
        """Whether this service may be called: the plugin is enabled and valid, and has the service as far as known."""
        if self._pool.state in NOT_TO_RUN:
            return False
        return capability == "plugin" or capability in self._runs.services or not self.known

    def serves(self, wire_service: str) -> bool:
        """Whether its process serves this gRPC service, or the last one did, as far as known.

        A process that ends just now takes nothing of that away: the next one has the same code.
        """
        run = self._pool.first
        known = run.wire_services if run is not None else self._runs.wire_services
        return known is not None and wire_service in known

    def acquire(self, patience_s: float) -> Connection:
        """The connection of the process that the call has entered, started if necessary; see ``Runs.enter``."""
        return self._pool.enter() or self._runs.enter(patience_s)

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """The error for a call that failed because this connection broke."""
        run = self._pool.run_of(connection)
        if run is not None:
            loss = run.loss(call)
            if run.process.ended:  # noticed before its own thread reports it: no further call may enter it
                self._runs.crashes.lost(run)
            return loss
        if self._pool.state in _ENDED:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        reason = self._pool.end_of(connection) or "its process is gone"
        return PluginUnavailable(self.plugin_id, reason, call=call, in_call=True)
