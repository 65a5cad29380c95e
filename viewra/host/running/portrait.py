"""What one plugin in processes of its own is and does, as anybody may see it: it changes nothing, and wakes nothing."""

from __future__ import annotations

import attrs

from viewra.adapters import Traffic
from viewra.host.installed.discovery import Found
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.health import HealthWatch
from viewra.host.running.pool import Pool
from viewra.host.running.run import Run
from viewra.host.running.runs import Runs
from viewra.host.running.status import PluginStats, RunStats
from viewra.host.running.usage import Usage
from viewra.manifest import Runtime
from viewra.manifest.info import completed
from viewra.types import PluginInfo, PluginState


class Portrait:
    """A plugin as its runs, its calls, its health and its usage show it. For any thread."""

    def __init__(self, runs: Runs, traffic: Traffic, health: HealthWatch, usage: Usage) -> None:
        self.plugin_id = runs.plugin_id
        self.installation: Installation = runs.installation
        self.configuration: RunConfiguration = runs.configuration
        self.traffic = traffic
        self._runs = runs
        self.pool: Pool = runs.pool
        self._health = health
        self._usage = usage
        self._reloads = 0

    @property
    def found(self) -> Found:
        """What was found of the version in use."""
        return self.installation.found

    @property
    def runtime(self) -> Runtime:
        """How it is run: by its manifest, or as the operator has set it."""
        return self.configuration.runtime

    @property
    def state(self) -> PluginState:
        """Where it is in its life."""
        return self.pool.state

    @property
    def reason(self) -> str:
        """Why it is in that state; empty where there is nothing to say. What follows the first line is its output."""
        return self.pool.reason

    @property
    def pid(self) -> int | None:
        """The running process that has been there longest."""
        run = self.pool.first
        return run.process.pid if run is not None else None

    @property
    def pids(self) -> tuple[int, ...]:
        """All running processes."""
        return tuple(run.process.pid for run in self.pool.runs)

    @property
    def services(self) -> frozenset[str]:
        """The services that its process has, or that its manifest claims as long as it has not run."""
        return self._runs.services

    @property
    def info(self) -> PluginInfo:
        """What the plugin says it is, completed from its manifest."""
        manifest = self.found.manifest
        run = self.pool.first
        said = run.info if run is not None else PluginInfo(self.plugin_id)
        if manifest is None:
            return said
        capabilities = said.capabilities or tuple(sorted(self.services))
        return attrs.evolve(completed(said, manifest), id=self.plugin_id, capabilities=capabilities)

    @property
    def stats(self) -> PluginStats:
        """Its figures."""
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
            health=self._health.report(runs),
            hooks=self.traffic.hooks,
            resources=self._usage.samples,
            runs=tuple(map(self._stats_of, runs)),
        )

    def _stats_of(self, run: Run) -> RunStats:
        pid = run.process.pid
        return RunStats(pid, run.started_at, run.connection.in_flight, self._health.report_of(run), self._usage.of(pid))
