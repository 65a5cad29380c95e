"""What a plugin's processes may use: what its manifest or the operator says, within the caps of the host."""

from __future__ import annotations

import difflib
import os
import resource
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from viewra.errors import UsageError
from viewra.manifest import Runtime

MB = 1024 * 1024
DEFAULTS: Mapping[str, float] = {"memory_mb": 1024, "open_files": 256, "file_mb": 1024, "processes": 64}
"""What a plugin has whose manifest does not say."""
NAMES = ("memory_mb", "cpu_percent", "open_files", "processes", "file_mb", "disk_mb")
_FEWEST_FILES = 32
_DATA_ROOM = 512 * MB
"""Beside its memory: stacks of threads and heaps that are reserved, and not used, count for the kernel, too."""
_THREADS, _THREADS_EACH = 256, 64
"""Threads of a plugin's own process, and of each that it starts."""
_OTHERS = 1024
"""Tasks that an ordinary user may start beside the plugin, whose user it is: the kernel counts by user."""


def limits_of(runtime: Runtime) -> dict[str, float]:
    """All limits of a plugin's processes, with what it has where its manifest says nothing."""
    return {**DEFAULTS, **runtime.limits}


def within(runtime: Runtime, caps: Mapping[str, float]) -> Runtime:
    """How it is run by a host with ``caps``, which hold over what manifests and operators say of single plugins."""
    if not caps:
        return runtime
    wanted = limits_of(runtime)
    held = {name: min(cap, wanted.get(name, cap)) for name, cap in caps.items()}
    return attrs.evolve(runtime, limits={**runtime.limits, **held})


def beyond(runtime: Runtime, caps: Mapping[str, float]) -> dict[str, float]:
    """What is stated of this plugin that ``caps`` do not allow."""
    return {name: most for name, most in runtime.limits.items() if most > caps.get(name, most)}


def caps_of(assignments: Iterable[str]) -> dict[str, float]:
    """From ``memory_mb=512`` and the like; raises UsageError."""
    caps: dict[str, float] = {}
    for one in assignments:
        name, _, text = one.partition("=")
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(NAMES)}"
            raise UsageError(f"there is no limit {name!r} to cap", hint=hint)
        kind = float if name == "cpu_percent" else int
        try:
            caps[name] = kind(text)
        except ValueError:
            caps[name] = 0
        if not 0 < caps[name] < 2**40:
            raise UsageError(f"a cap is a whole number above 0, as in {name}=512, not {one!r}")
    return caps


def tasks(limits: Mapping[str, float]) -> int:
    """Processes and threads of one run."""
    return _THREADS + _THREADS_EACH * int(limits.get("processes", DEFAULTS["processes"]))


def rlimits(
    runtime: Runtime, user: int | None = None, *, loadavg: Path = Path("/proc/loadavg")
) -> tuple[tuple[int, int], ...]:
    """The kernel's limits for each process, and those for all of the plugin's user: its own ``user``, or the host's."""
    limits = limits_of(runtime)
    workers = runtime.workers if isinstance(runtime.workers, int) else os.cpu_count() or 1
    most = 2 * workers * tasks(limits)  # twice: new ones take the place of old ones
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
    for number, most in wanted.items():  # no more than the host itself may have: only root could give that
        hard = resource.getrlimit(number)[1]
        found.append((number, most if hard == resource.RLIM_INFINITY else min(most, hard)))
    return tuple(found)


def _running(loadavg: Path) -> int:
    """Tasks of the whole system, which are no fewer than those of one user; reading each would take too long."""
    try:
        return int(loadavg.read_text("ascii").split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 1 << 15
