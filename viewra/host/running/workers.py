"""Keeps as many processes of a plugin running as ``runtime.workers`` requests, if more than one is allowed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import attrs

from viewra.errors import PluginError
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.crashes import Crashes
from viewra.host.running.demand import Demand
from viewra.host.running.draining import Draining
from viewra.host.running.launching import Launching
from viewra.host.running.pool import Pool
from viewra.host.running.run import Run
from viewra.manifest import Runtime
from viewra.services import SCRAPER, TABLES

log = logging.getLogger("viewra.host")


def why_one(runtime: Runtime, services: Collection[str]) -> str:
    """Why only one process of a plugin with these services may run; "" if several may."""
    if runtime.reload == "restart":
        return 'runtime.reload is "restart": it holds what only one process can hold'
    if runtime.detachable:
        return "it is detachable: one process can be left to the next host"
    if TABLES in services:
        return "it has a database of its own, which one process writes"
    return ""


@attrs.frozen
class Workers:
    """Starts the additional processes of one plugin, and stops those that it no longer needs."""

    installation: Installation
    configuration: RunConfiguration
    pool: Pool
    launching: Launching
    crashes: Crashes
    draining: Draining
    demand: Demand

    def wanted(self, runtime: Runtime, services: Collection[str]) -> int:
        """The number of processes that should run.

        ``auto``: as many as a scan keeps busy for scrapers, which need processor time to read files; one for others,
        which mostly wait.
        """
        if runtime.workers == 1 or why_one(runtime, services):
            return 1
        if isinstance(runtime.workers, int):
            return runtime.workers
        return self.demand.target if SCRAPER in services else 1

    def tick(self, runs: Sequence[Run]) -> None:
        """Have another process started if the present ones are busy, or end one that is not needed. Never waits."""
        first, runtime = runs[0], self.configuration.runtime
        if runtime.workers != "auto" or SCRAPER not in first.services or why_one(runtime, first.services):
            return
        change = self.demand.look(len(runs), sum(run.connection.in_flight for run in runs))
        if change > 0:
            self.crashes.restart.set(0.0)
        elif change < 0 and (run := self.pool.spare()) is not None:
            self.draining.add(run)

    @property
    def missing(self) -> int:
        """The number of processes that are still to be started."""
        first = self.pool.first
        if first is None or first.by_hand:
            return 0
        return max(0, self.wanted(self.configuration.runtime, first.services) - len(self.pool.runs))

    def fill(self) -> None:
        """Start missing processes while holding the turn; a failed start is repeated after a pause."""
        first, configured, count = self.pool.first, self.configuration.used, self.missing
        if first is None or count == 0:
            return
        if self.installation.on_disk().code_hash != configured.code.code_hash:
            log.warning("plugin %s: a process is missing until its changed code is reloaded", first.plugin_id)
            return
        try:
            fresh = self.launching.launch_more(count, configured)
        except PluginError as error:
            self.crashes.missed(error)
            return
        for run in fresh:
            if not self.pool.join(run):  # the others have ended meanwhile, so this version no longer serves
                self.draining.add(run)
        self.crashes.look_after(fresh)

    def warn(self, runtime: Runtime, services: Collection[str]) -> None:
        """Log a warning if ``runtime.workers`` requests several processes and has no effect."""
        if runtime.workers not in {1, "auto"} and (why := why_one(runtime, services)):
            log.warning("plugin %s: runtime.workers has no effect: %s", self.installation.plugin_id, why)
