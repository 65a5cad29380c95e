"""Determines the resource limits of a plugin's processes from its manifest, the operator and the host's caps."""

from __future__ import annotations

import difflib
import os
import resource
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from viewra.bridge.fetch.traffic import REQUESTS_PER_S
from viewra.errors import UsageError
from viewra.manifest import Runtime

MB = 1024 * 1024
DEFAULTS: Mapping[str, float] = {
    "memory_mb": 1024,
    "open_files": 256,
    "file_mb": 1024,
    "processes": 64,
    "requests_per_s": REQUESTS_PER_S,
}
"""Limits of a plugin whose manifest states none."""
NAMES = ("memory_mb", "cpu_percent", "open_files", "processes", "file_mb", "disk_mb", "network_kb_s", "requests_per_s")
_FEWEST_FILES = 32
_DATA_ROOM = 512 * MB
"""Added to the memory limit: the kernel also counts reserved memory that is not in use, such as threads' stacks."""
_THREADS, _THREADS_EACH = 256, 16
"""Threads of a plugin's own process, and of each process that it starts: one that only forks gets as many processes."""
_OTHERS = 1024
"""Tasks that the user of the host may run in addition to the plugin's: the kernel counts tasks by user."""


def limits_of(runtime: Runtime) -> dict[str, float]:
    """All limits of a plugin's processes, with defaults for those that its manifest does not state."""
    return {**DEFAULTS, **runtime.limits}


def within(runtime: Runtime, caps: Mapping[str, float]) -> Runtime:
    """This runtime with limits lowered to ``caps``, which override manifests and operators."""
    if not caps:
        return runtime
    wanted = limits_of(runtime)
    held = {name: min(cap, wanted.get(name, cap)) for name, cap in caps.items()}
    return attrs.evolve(runtime, limits={**runtime.limits, **held})


def beyond(runtime: Runtime, caps: Mapping[str, float]) -> dict[str, float]:
    """The plugin's stated limits that exceed ``caps``."""
    return {name: most for name, most in runtime.limits.items() if most > caps.get(name, most)}


def caps_of(assignments: Iterable[str]) -> dict[str, float]:
    """Read caps such as ``memory_mb=512``; raises UsageError."""
    caps: dict[str, float] = {}
    for one in assignments:
        name, _, text = one.partition("=")
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(NAMES)}"
            raise UsageError(f"there is no limit {name!r} to cap", hint=hint)
        kind = float if name in ("cpu_percent", "requests_per_s") else int
        try:
            caps[name] = kind(text)
        except ValueError:
            caps[name] = 0
        if not 0 < caps[name] < 2**40:
            raise UsageError(f"a cap is a whole number above 0, as in {name}=512, not {one!r}")
    return caps


def tasks(limits: Mapping[str, float]) -> int:
    """Upper bound of the processes and threads of one run together."""
    return _THREADS + _THREADS_EACH * int(limits.get("processes", DEFAULTS["processes"]))


def rlimits(
    runtime: Runtime, user: int | None = None, *, loadavg: Path = Path("/proc/loadavg")
) -> tuple[tuple[int, int], ...]:
    """The kernel's limits for each process and for all tasks of its user: the plugin's own ``user``, or the host's."""
    limits = limits_of(runtime)
    workers = runtime.workers if isinstance(runtime.workers, int) else os.cpu_count() or 1
    most = 2 * workers * tasks(limits)  # twice: during a reload new and old processes run together
    if user is None:
        most += _OTHERS + _running(loadavg)
    memory, files = int(limits["memory_mb"]) * MB, max(_FEWEST_FILES, int(limits["open_files"]))
    wanted = {
        resource.RLIMIT_DATA: memory + _DATA_ROOM,
        resource.RLIMIT_NOFILE: files,
        resource.RLIMIT_FSIZE: int(limits["file_mb"]) * MB,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: most,
    }
    found = []
    for number, most in wanted.items():  # at most the host's own limit: only root can raise it
        hard = resource.getrlimit(number)[1]
        found.append((number, most if hard == resource.RLIM_INFINITY else min(most, hard)))
    return tuple(found)


def _running(loadavg: Path) -> int:
    """Tasks of the whole system, an upper bound for those of one user; counting by user would take too long."""
    try:
        return int(loadavg.read_text("ascii").split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 1 << 15
