"""How adapters reach a plugin that runs in processes of its own, whichever of them serve."""

from __future__ import annotations

from collections.abc import Mapping

from viewra.adapters import Connection
from viewra.errors import PluginClosed, PluginUnavailable
from viewra.host.running.runs import NOT_TO_RUN, Runs
from viewra.types import PluginState

_ENDED = frozenset({PluginState.STOPPED, PluginState.DISABLED, PluginState.READY, PluginState.DRAINING})


class RunsLink:
    """A ``Link``. For any thread."""

    def __init__(self, runs: Runs) -> None:
        self.plugin_id = runs.plugin_id
        self.limits = runs.configuration.limits
        self.deadline_s = runs.configuration.deadline_s
        self._runs = runs
        self._pool = runs.pool

    @property
    def running(self) -> bool:
        """Whether a call finds it started."""
        return bool(self._pool.runs)

    @property
    def code_hash(self) -> str:
        """Hash of the code that runs, or ran last."""
        return self._runs.installation.used.code_hash

    @property
    def priority(self) -> Mapping[str, int]:
        """How much its word on metadata fields counts, by its manifest: field to a number."""
        manifest = self._runs.installation.found.manifest
        return manifest.priority if manifest is not None else {}

    @property
    def database_url(self) -> str:
        """Its own database; "" for a plugin without one."""
        return self._runs.configuration.database_url if "database_service" in self._runs.services else ""

    @property
    def known(self) -> bool:
        """Whether it is known which services it has: declared, or found out by a start of this very code."""
        return bool(self._runs.services) or self._runs.known_services is not None

    def recall(self, name: str) -> str | None:
        """What an earlier start of the code on disk showed under this name."""
        return self._runs.memory.fact(name)

    def remember(self, name: str, text: str) -> None:
        """Keep it for the next host."""
        self._runs.memory.set_fact(name, text)

    def offers(self, capability: str) -> bool:
        """Whether it may be called for this service: enabled, valid, and with the service as far as known."""
        if self._pool.state in NOT_TO_RUN:
            return False
        return capability == "plugin" or capability in self._runs.services or not self.known

    def serves(self, wire_service: str) -> bool:
        """Whether its process is known to serve this gRPC service."""
        run = self._pool.first
        return run is not None and run.serves(wire_service)

    def acquire(self, patience_s: float) -> Connection:
        """The connection to a process, started if need be, which the call has entered; see ``Runs.enter``."""
        return self._pool.enter() or self._runs.enter(patience_s)

    def loss(self, connection: Connection, call: str) -> PluginUnavailable | PluginClosed:
        """Why a call on this connection broke."""
        run = self._pool.run_of(connection)
        if run is not None:
            loss = run.loss(call)
            if run.process.ended:  # known here a moment before its own thread tells: no call is to enter it
                self._runs.crashes.lost(run)
            return loss
        if self._pool.state in _ENDED:
            return PluginClosed(self.plugin_id, "was stopped", call=call)
        reason = self._pool.short_reason or "its process is gone"
        return PluginUnavailable(self.plugin_id, reason, call=call, in_call=True)
