"""Does what is due for one plugin's processes: health checks, measurements, limits, workers, and the idle stop."""

from __future__ import annotations

import logging

from viewra.adapters import Traffic
from viewra.host.running.health import HealthWatch
from viewra.host.running.run import Run
from viewra.host.running.runs import Runs
from viewra.host.running.usage import Usage
from viewra.host.running.watchdog import Watchdog
from viewra.host.sync.background import Background

log = logging.getLogger("viewra.host")


class Tending:
    """Tends the runs of one plugin until ``close``; only one thread may call ``tick``.

    ``health`` and ``usage`` have what it found.
    """

    def __init__(self, runs: Runs, traffic: Traffic) -> None:
        self.health = HealthWatch(traffic, self._unwell, now=runs.clock.now)
        self.usage = Usage(now=runs.clock.now)
        self._runs = runs
        self._background = Background(clock=runs.clock)
        self._watchdog = Watchdog(runs.installation.private_dir, self._unwell, self._background, now=runs.clock.now)
        self._ending_idle = False

    @property
    def disk_bytes(self) -> int | None:
        """The size of the plugin's directories when it was last measured; None before."""
        return self._watchdog.disk_bytes

    def tick(self) -> None:
        """Start health checks and measurements that are due, and stop the plugin if it is idle. Never waits."""
        pool = self._runs.pool
        runs = pool.runs
        if not runs:
            return
        runtime = self._runs.configuration.runtime
        self.health.tick(runs, runtime.health)
        self.usage.tick([run.process.pid for run in runs])
        self._watchdog.tick(runs, self.usage.of, runtime)
        self._runs.workers.tick(runs)
        idle_s = runtime.idle_timeout_s
        if idle_s and not runs[0].by_hand and pool.idle_s >= idle_s and not self._ending_idle:
            self._ending_idle = True  # once at a time, because it may wait for a reload
            self._background.start(f"idle-{self._runs.plugin_id}", lambda: self._end_idle(idle_s))

    def close(self) -> None:
        """Wait until what it began has ended."""
        self._background.close()

    def _end_idle(self, idle_s: float) -> None:
        try:
            self._runs.end_idle(idle_s)
        finally:
            self._ending_idle = False

    def _unwell(self, run: Run, reason: str) -> None:
        plugin_id = self._runs.plugin_id
        if run.by_hand:  # it may be stopped in a debugger
            log.warning("plugin %s %s", plugin_id, reason)
            return
        log.error("plugin %s %s: it is ended", plugin_id, reason)
        # In the background, because ``condemn`` waits for the end, and this may be one of gRPC's threads.
        self._background.start(f"condemn-{plugin_id}", lambda: run.condemn(reason))
