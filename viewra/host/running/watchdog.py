"""Holds a plugin's processes to limits that the kernel has no limit for: memory in use, processor, processes, disk."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from viewra.host.running.limits import limits_of, tasks
from viewra.host.running.run import Run
from viewra.host.running.status import ResourceSample
from viewra.host.sync.tasks import Tasks
from viewra.manifest import Runtime

MB = 1024 * 1024
CPU_S = 10
"""Seconds over which a plugin's share of the processor is averaged: a burst is no breach."""
DISK_EVERY_S = 5.0
"""Seconds between two looks at what a plugin's folder holds, which takes its time."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use; 0 when it is gone. Source: proc_pid_statm(5)."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def folder_bytes(folder: Path) -> int:
    """Bytes that the files below a folder take on the disk."""
    found = 0
    with contextlib.suppress(OSError):  # it was removed, as a stopped plugin's is
        for _, _, files, at in os.fwalk(folder, onerror=lambda _error: None):
            for name in files:
                with contextlib.suppress(OSError):  # it was removed meanwhile
                    found += os.stat(name, dir_fd=at, follow_symlinks=False).st_blocks * 512
    return found


class Watchdog:
    """Ends the processes of one plugin that break a limit, by telling ``unwell`` of the run and why; once for each.

    ``folder`` is its private directory, which is looked at in one of ``tasks``, with those for temporary files;
    ``disk_bytes`` is what was found there. ``memory`` and ``disk`` measure,
    ``now`` is a clock in seconds. ``tick`` is for one thread.
    """

    def __init__(
        self,
        folder: Path,
        unwell: Callable[[Run, str], None],
        tasks: Tasks,
        *,
        memory: Callable[[int], int] = resident,
        disk: Callable[[Path], int] = folder_bytes,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._unwell = unwell
        self._tasks = tasks
        self._memory = memory
        self._disk = disk
        self._now = now
        self._next_disk = 0.0
        self._told: frozenset[Run] = frozenset()
        self.disk_bytes: int | None = None

    def tick(self, runs: Sequence[Run], samples: Callable[[int], Sequence[ResourceSample]], runtime: Runtime) -> None:
        """Look at these runs; ``samples`` gives what a process and its descendants used, one sample a second."""
        self._told &= frozenset(runs)
        for run in frozenset(runs) - self._told:
            limits = runtime.limits if run.spec.sandbox.backend == "off" else limits_of(runtime)
            if run.group is not None:
                limits = {name: most for name, most in limits.items() if not run.group.holds(name)}
            if reason := self.breach(run.process.pid, samples(run.process.pid), limits):
                self._tell(run, reason)
        if "disk_mb" in runtime.limits and self._now() >= self._next_disk:
            self._next_disk = self._now() + DISK_EVERY_S
            self._tasks.start("watchdog-disk", lambda: self._look_at_disk(runs, runtime.limits["disk_mb"]))

    def _look_at_disk(self, runs: Sequence[Run], most: float) -> None:
        folders = (self._folder, *(run.scratch for run in runs if run.scratch is not None))
        used = self.disk_bytes = sum(map(self._disk, folders))
        if used > most * MB:
            for run in frozenset(runs) - self._told:
                self._tell(run, f"has {used // MB} MB in its folders, its limit is {most:g} MB")

    def _tell(self, run: Run, reason: str) -> None:
        self._told |= {run}
        self._unwell(run, reason)

    def breach(self, pid: int, samples: Sequence[ResourceSample], limits: Mapping[str, float]) -> str:
        """How process ``pid`` breaks a limit, or ""."""
        last = samples[-1] if samples else None
        if most := limits.get("memory_mb"):
            used = max(self._memory(pid), last.rss_bytes if last is not None else 0)
            if used > most * MB:
                return f"used {used // MB} MB of memory, its limit is {most:g} MB"
        if last is None:
            return ""
        most = limits.get("processes")
        if most and last.processes > most:
            return f"had {last.processes} processes, its limit is {most:g}"
        if most and last.threads > tasks(limits):
            return f"had {last.threads} threads, its limit is {tasks(limits)} with all its processes"
        most = limits.get("cpu_percent")
        if most and len(samples) > CPU_S:
            percent = sum(one.cpu_percent for one in samples[-CPU_S:]) / CPU_S
            if percent > most:
                return f"used {percent:.0f} % of a processor for {CPU_S} s, its limit is {most:g} %"
        return ""
