"""Decides how many processes a plugin with ``workers: "auto"`` should have, from the calls that it has in flight."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

BUSY_CALLS = 2
"""Calls in flight for each process of a busy plugin: it works on one, and the next is there already."""
GROW_S, SHRINK_S = 1.0, 30.0
"""Seconds for which a plugin is busy before it gets another process, or has one to spare before it loses one."""
LEAST_IDLE = 0.5
"""Cores that must have been idle meanwhile: where a scan keeps all of them busy, another process costs its start."""


def _idle_s() -> float:
    """Seconds since the machine's start for which its cores have had nothing to do, added up."""
    import psutil  # light start

    times = psutil.cpu_times()
    return float(times.idle + getattr(times, "iowait", 0.0))


def usable_cores(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """How many cores this process may use: not all of the machine in a container, or under ``taskset``.

    It is the least of the affinity and the quotas of the control groups around it, whose file ``cpu.max`` has quota and
    period in microseconds (https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files).
    """
    cores = len(os.sched_getaffinity(0))
    group = groups
    with contextlib.suppress(OSError):
        paths = [line[3:] for line in own.read_text().splitlines() if line.startswith("0::")]
        group = groups.joinpath(*(path.strip("/") for path in paths))
    for folder in (group, *group.parents):
        with contextlib.suppress(OSError, ValueError):  # "max": no quota
            quota, period = map(int, (folder / "cpu.max").read_text().split())
            cores = min(cores, -(-quota // period))
        if folder == groups:
            break
    return max(1, cores)


class Demand:
    """The ``target`` number of processes, from 1 to the number of usable cores. Not thread-safe.

    ``now`` is a clock in seconds; ``idle_s`` tells for how many seconds the machine's cores have been idle so far, and
    ``cores`` how many may be used.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        cores: Callable[[], int] = usable_cores,
        idle_s: Callable[[], float] = _idle_s,
    ) -> None:
        self.target = 1
        self._now = now
        self._cores = cores
        self._idle_s = idle_s
        self._busy_since: tuple[float, float] | None = None  # when, and the idle seconds by then
        self._spare_since: float | None = None

    def begin(self) -> None:
        """It starts anew, with one process: what it was busy with is over."""
        self.target = 1
        self._busy_since = self._spare_since = None

    def look(self, running: int, in_flight: int) -> int:
        """Note how many processes there are, and their calls; returns by how many ``target`` changed."""
        now = self._now()
        busy, spare = in_flight >= BUSY_CALLS * running, running > 1 and in_flight < running
        self._busy_since = (self._busy_since or (now, self._idle_s())) if busy else None
        self._spare_since = (self._spare_since if self._spare_since is not None else now) if spare else None
        change = 0
        if running != self.target:  # one is being started, or cannot be
            self._busy_since = None
        if self._busy_since is not None and (busy_s := now - self._busy_since[0]) >= GROW_S:
            idle = (self._idle_s() - self._busy_since[1]) / busy_s
            self._busy_since = None
            change = int(idle >= LEAST_IDLE and self.target < self._cores())
        elif self._spare_since is not None and now - self._spare_since >= SHRINK_S:
            self._spare_since, self.target = None, running  # without those that could not be started
            change = -1
        self.target += change
        return change
