"""How many processes of a plugin run at once: as many as ``runtime.workers`` says, where more than one may."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection

import attrs

from viewra.errors import PluginError
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.crashes import Crashes
from viewra.host.running.draining import Draining
from viewra.host.running.launching import Launching
from viewra.host.running.pool import Pool
from viewra.manifest import Runtime

log = logging.getLogger("viewra.host")

MOST_AUTO = 2
"""Processes of a plugin whose ``runtime.workers`` is ``auto``, at most."""


def why_one(runtime: Runtime, services: Collection[str]) -> str:
    """Why only one process of a plugin with these services may run; "" where there may be more."""
    if runtime.reload == "restart":
        return 'runtime.reload is "restart": it holds what only one process can hold'
    if runtime.detachable:
        return "it is detachable: one process can be left to the next host"
    if "database_service" in services:
        return "it has a database of its own, which one process writes"
    return ""


def wanted(runtime: Runtime, services: Collection[str]) -> int:
    """How many processes are to run."""
    return 1 if runtime.workers == 1 or why_one(runtime, services) else _count(runtime.workers, services)


def _count(workers: int | str, services: Collection[str]) -> int:
    """``auto``: reading files takes a processor's time, and two of those; anything else waits for others."""
    if isinstance(workers, int):
        return workers
    return min(os.cpu_count() or 1, MOST_AUTO) if "metadata_scraper" in services else 1


@attrs.frozen
class Workers:
    """Sees to it that as many processes of one plugin run as are to, beside the first."""

    installation: Installation
    configuration: RunConfiguration
    pool: Pool
    launching: Launching
    crashes: Crashes
    draining: Draining

    @property
    def missing(self) -> int:
        """How many processes are to run beside those that do."""
        first = self.pool.first
        if first is None or first.by_hand:
            return 0
        return max(0, wanted(self.configuration.runtime, first.services) - len(self.pool.runs))

    def fill(self) -> None:
        """Start, in one's turn, what is missing beside the runs that serve; what fails is tried again after a pause."""
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
            if not self.pool.join(run):  # the others, and so its version, ended meanwhile
                self.draining.add(run)
        self.crashes.look_after(fresh)

    def warn(self, runtime: Runtime, services: Collection[str]) -> None:
        """Say so where ``runtime.workers`` asks for several, and has no effect."""
        if runtime.workers not in {1, "auto"} and (why := why_one(runtime, services)):
            log.warning("plugin %s: runtime.workers has no effect: %s", self.installation.plugin_id, why)
