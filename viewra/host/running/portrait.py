"""Presents one plugin that runs in its own processes: its state, description and figures. Starts nothing."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.adapters import Traffic
from viewra.bridge import HostedPlugin
from viewra.host.installed.discovery import Found
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.pool import Pool
from viewra.host.running.run import Run
from viewra.host.running.runs import Runs
from viewra.host.running.status import PluginStats, RunStats
from viewra.host.running.tending import Tending
from viewra.manifest import Runtime
from viewra.manifest.info import completed
from viewra.types import PluginInfo, PluginState


class Portrait:
    """Read-only view of a plugin: its runs, calls, health and resource usage. Thread-safe."""

    def __init__(self, runs: Runs, traffic: Traffic, tending: Tending) -> None:
        self.plugin_id = runs.plugin_id
        self.installation: Installation = runs.installation
        self.configuration: RunConfiguration = runs.configuration
        self.traffic = traffic
        self._runs = runs
        self.pool: Pool = runs.pool
        self.tending = tending
        self._reloads = 0

    @property
    def found(self) -> Found:
        """What discovery found of the version in use."""
        return self.installation.found

    @property
    def runtime(self) -> Runtime:
        """How it runs: from its manifest, with the operator's settings."""
        return self.configuration.runtime

    @property
    def capped(self) -> Mapping[str, float]:
        """Its stated limits that exceed the host's caps."""
        return self.configuration.capped

    @property
    def state(self) -> PluginState:
        """The plugin's state."""
        return self.pool.state

    @property
    def reason(self) -> str:
        """The reason of the state, possibly empty. Lines after the first are the process's output."""
        return self.pool.reason

    @property
    def pid(self) -> int | None:
        """The oldest running process; None if none runs."""
        run = self.pool.first
        return run.process.pid if run is not None else None

    @property
    def pids(self) -> tuple[int, ...]:
        """All running processes, oldest first."""
        return tuple(run.process.pid for run in self.pool.runs)

    @property
    def services(self) -> frozenset[str]:
        """The services that its process has; before its first start those that its manifest declares."""
        return self._runs.services

    @property
    def info(self) -> PluginInfo:
        """The plugin's description of itself, completed from its manifest."""
        manifest = self.found.manifest
        run = self.pool.first
        said = run.info if run is not None else PluginInfo(self.plugin_id)
        if manifest is None:
            return said
        capabilities = said.capabilities or tuple(sorted(self.services))
        return attrs.evolve(completed(said, manifest), id=self.plugin_id, capabilities=capabilities)

    @property
    def hosted(self) -> HostedPlugin | None:
        """The host services for it."""
        return self.configuration.hosted

    @property
    def stats(self) -> PluginStats:
        """Its statistics."""
        runs = self.pool.runs
        return PluginStats(
            state=self.state,
            pid=runs[0].process.pid if runs else None,
            started_at=runs[0].started_at if runs else None,
            starts=self._runs.launching.starts,
            crashes=self.pool.crashes,
            reloads=self._reloads,
            in_flight=self.traffic.in_flight,
            queued=self.traffic.queued,
            breaker=str(self.traffic.breaker_state),
            health=self.tending.health.report(runs),
            hooks=self.traffic.hooks,
            resources=self.tending.usage.samples,
            disk_bytes=self.tending.disk_bytes,
            runs=tuple(map(self._stats_of, runs)),
            host_calls=self.hosted.figures if self.hosted is not None else {},
            fetched_bytes=self.hosted.fetched_bytes if self.hosted is not None else 0,
        )

    def _stats_of(self, run: Run) -> RunStats:
        pid = run.process.pid
        health, usage = self.tending.health.report_of(run), self.tending.usage.of(pid)
        return RunStats(pid, run.started_at, run.connection.in_flight, health, usage, run.process.origin)
