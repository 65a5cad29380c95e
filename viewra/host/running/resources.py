"""Measures the resources that a plugin's process and its descendants use; ``usage`` decides how often."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.host.running.status import ResourceSample
from viewra.process.apply.guarding import NAME as GUARDIAN_NAME
from viewra.process.stat import stat

if TYPE_CHECKING:
    import psutil


@attrs.frozen
class _Times:
    """Processor time in seconds: of a process, and of its children that have ended and were reaped."""

    own_s: float
    ended_s: float


class Sampler:
    """Takes samples of one process and its descendants; rates refer to the time since the previous sample.

    Descendants whose parent has ended count, too; their parent is then the plugin's guardian.

    Not thread-safe. Raises nothing if there is no such process: its samples are None.
    """

    def __init__(self, pid: int) -> None:
        import psutil  # imported late: only a host that runs plugins needs it

        self._psutil = psutil
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None
        self._guardian = _guardian_of(pid)
        self._kernel_lists_children = Path("/proc/thread-self/children").exists()  # a build option of the kernel
        self._last_at: float | None = None
        self._last: dict[int, _Times] = {}
        self._read = self._written = 0

    def sample(self) -> ResourceSample | None:
        """Their present use; None if the process has ended, reaped or not.

        The sums leave out figures that the system does not show for a process.
        """
        if self._process is None or not self._process.is_running():
            return None
        now, at = time.monotonic(), time.time()
        times: dict[int, _Times] = {}
        rss = threads = files = processes = read = written = 0
        for process in self._family(self._process):
            with contextlib.suppress(self._psutil.NoSuchProcess), process.oneshot():
                spent = process.cpu_times()
                times[process.pid] = _Times(spent.user + spent.system, spent.children_user + spent.children_system)
                if process.status() == self._psutil.STATUS_ZOMBIE:
                    if process is self._process:
                        return None
                    continue  # a zombie uses nothing; its time counts until its parent reaps it
                memory, running = process.memory_info().rss, process.num_threads()
                rss, threads, processes = rss + memory, threads + running, processes + 1
                with contextlib.suppress(self._psutil.AccessDenied):
                    files += process.num_fds()
                    storage = process.io_counters()
                    read, written = read + storage.read_bytes, written + storage.write_bytes
        if not processes:
            return None
        # The sums fall when a descendant ends unreaped, but what it read stays read.
        self._read, self._written = max(self._read, read), max(self._written, written)
        percent = self._cpu_percent(times, now)
        return ResourceSample(at, percent, rss, threads, files, processes, self._read, self._written)

    def _cpu_percent(self, times: dict[int, _Times], now: float) -> float:
        """Percent of one core since the last sample, including descendants that began and ended in between.

        The kernel adds a descendant's time to its parent's ended children when it is reaped, so the part that was
        sampled before is subtracted there; descendants that ended unnoticed never reduce the time of running ones.
        """
        last, self._last = self._last, times
        since, self._last_at = self._last_at, now
        if since is None or now <= since:
            return 0.0
        nothing = _Times(0.0, 0.0)
        own = sum(max(0.0, spent.own_s - last.get(pid, nothing).own_s) for pid, spent in times.items())
        ended = sum(spent.ended_s - last.get(pid, nothing).ended_s for pid, spent in times.items())
        gone = sum(spent.own_s + spent.ended_s for pid, spent in last.items() if pid not in times)
        return (own + max(0.0, ended - gone)) / (now - since) * 100

    def _family(self, process: psutil.Process) -> Iterator[psutil.Process]:
        """The process and all its descendants."""
        yield process
        top = self._guardian or process.pid
        if not self._kernel_lists_children:
            with contextlib.suppress(self._psutil.Error):
                family = self._psutil.Process(top).children(recursive=True)
                yield from (one for one in family if one != process)
            return
        waiting = [top]
        while waiting:
            for pid in _children(waiting.pop()):
                waiting.append(pid)
                if pid != process.pid:
                    with contextlib.suppress(self._psutil.Error):
                        yield self._psutil.Process(pid)


def _guardian_of(pid: int) -> int | None:
    """The process's guardian, which serves only this plugin; None if its parent is another process."""
    found = stat(pid)
    if found is None:
        return None
    try:
        name = Path(f"/proc/{found.parent}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return None
    return found.parent if name == GUARDIAN_NAME else None


def _children(pid: int) -> list[int]:
    """A process's children as the kernel lists them by thread; empty if it has ended.

    psutil would read every process of the system instead. Every sample calls this, so it avoids the slower ``Path``.
    """
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb", buffering=0) as file:
                found += [int(child) for child in file.readall().split()]
    return found


class History:
    """The last ``length`` samples. Thread-safe."""

    def __init__(self, length: int = 120) -> None:
        self._samples: deque[ResourceSample] = deque(maxlen=length)
        self._lock = threading.Lock()

    def add(self, sample: ResourceSample) -> None:
        """Add a sample, and drop the oldest one if there are too many."""
        with self._lock:
            self._samples.append(sample)

    def clear(self) -> None:
        """Drop all samples, because those of another process follow."""
        with self._lock:
            self._samples.clear()

    @property
    def samples(self) -> tuple[ResourceSample, ...]:
        """The samples, oldest first."""
        with self._lock:
            return tuple(self._samples)
