"""Enforces limits that the kernel cannot enforce on a plugin's processes: memory, processor, processes, disk."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from viewra.host.running.limits import limits_of, tasks
from viewra.host.running.run import Run
from viewra.host.running.status import ResourceSample
from viewra.host.sync.background import Background
from viewra.manifest import Runtime

MB = 1024 * 1024
CPU_S = 10
"""Seconds over which a plugin's processor usage is averaged, so that a short burst is not a violation."""
DISK_EVERY_S = 5.0
"""Seconds between two measurements of a plugin's directories, which take long."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int:
    """Resident memory of a process in bytes; 0 if it has ended. Source: proc_pid_statm(5)."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def folder_bytes(folder: Path) -> int:
    """Bytes on disk of the files below a directory."""
    found = 0
    with contextlib.suppress(OSError):  # removed, as a stopped plugin's directory is
        for _, _, files, at in os.fwalk(folder, onerror=lambda _error: None):
            for name in files:
                with contextlib.suppress(OSError):  # removed meanwhile
                    found += os.stat(name, dir_fd=at, follow_symlinks=False).st_blocks * 512
    return found


def breach_at_start(run: Run) -> str:
    """Describe the limit that a run exceeds before its first call, its private directory included; "" if none."""
    limits = _unenforced(run, run.spec.held)
    used = resident(run.process.pid)
    if used > limits.get("memory_mb", used) * MB:
        return f"uses {used // MB} MB of memory once started, its limit is {limits['memory_mb']:g} MB"
    if "disk_mb" in limits and (used := folder_bytes(Path(run.spec.context.base_path))) > limits["disk_mb"] * MB:
        return f"has {used // MB} MB in its folder, its limit is {limits['disk_mb']:g} MB"
    return ""


def _unenforced(run: Run, limits: Mapping[str, float]) -> Mapping[str, float]:
    """Those of the limits that the kernel does not enforce on this run."""
    return limits if run.group is None else {name: most for name, most in limits.items() if not run.group.holds(name)}


class Watchdog:
    """Ends processes of one plugin that exceed a limit: calls ``unwell`` with the run and the reason, once for each.

    Work in the ``background`` measures ``folder``, its private directory, and the directories for temporary files;
    ``disk_bytes`` is the result. ``memory`` and ``disk`` measure, ``now`` is a clock in seconds. Only one thread may
    call ``tick``.
    """

    def __init__(
        self,
        folder: Path,
        unwell: Callable[[Run, str], None],
        background: Background,
        *,
        memory: Callable[[int], int] = resident,
        disk: Callable[[Path], int] = folder_bytes,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._unwell = unwell
        self._background = background
        self._memory = memory
        self._disk = disk
        self._now = now
        self._next_disk = 0.0
        self._told: frozenset[Run] = frozenset()
        self.disk_bytes: int | None = None

    def tick(self, runs: Sequence[Run], samples: Callable[[int], Sequence[ResourceSample]], runtime: Runtime) -> None:
        """Check these runs; ``samples`` returns the samples of a process and its descendants, one a second."""
        self._told &= frozenset(runs)
        for run in frozenset(runs) - self._told:
            limits = runtime.limits if run.spec.sandbox.backend == "off" else limits_of(runtime)
            if reason := self.breach(run.process.pid, samples(run.process.pid), _unenforced(run, limits)):
                self._tell(run, reason)
        if "disk_mb" in runtime.limits and self._now() >= self._next_disk:
            self._next_disk = self._now() + DISK_EVERY_S
            self._background.start("watchdog-disk", lambda: self._look_at_disk(runs, runtime.limits["disk_mb"]))

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
        """Describe the limit that process ``pid`` exceeds; "" if none."""
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
