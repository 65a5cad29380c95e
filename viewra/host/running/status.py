"""Values that show operators a running plugin: health, figures of its processes, figures of its calls."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs

from viewra.adapters import HookStats
from viewra.process.plan import Origin
from viewra.types import PluginState


class Condition(enum.StrEnum):
    """The health of a running plugin as far as the host knows; UNKNOWN: it does not run, or no check has ended yet."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """The process answers, but the plugin reports that it is unhealthy, or is not asked because its calls time out."""
    UNHEALTHY = "unhealthy"
    """The process does not answer."""


@attrs.frozen
class HealthReport:
    """The last checks of a running plugin's health; ``checked_at`` in seconds since the epoch, None before the first.

    ``transport`` is the answer of the process's gRPC health service (True: it serves), ``own`` that of the plugin's own
    ``Health``, which may query a remote site; each is None before its first check. ``error`` is the reason if it is not
    healthy, else "".
    """

    condition: Condition = Condition.UNKNOWN
    transport: bool | None = None
    own: bool | None = None
    error: str = ""
    checked_at: float | None = None


@attrs.frozen
class ResourceSample:
    """The resource usage of a plugin's process and its descendants at one moment.

    ``at`` in seconds since the epoch; ``cpu_percent`` of one core since the sample before (100: one core, all the
    time); ``rss_bytes``, ``threads``, ``open_files`` (descriptors) and ``processes`` at that moment; ``read_bytes`` and
    ``written_bytes`` from storage since the process began.
    """

    at: float
    cpu_percent: float
    rss_bytes: int
    threads: int
    open_files: int
    processes: int
    read_bytes: int
    written_bytes: int


@attrs.frozen
class RunStats:
    """The statistics of one of a plugin's processes, as in ``PluginStats``."""

    pid: int
    started_at: float
    in_flight: int
    health: HealthReport
    resources: tuple[ResourceSample, ...] = ()
    origin: Origin = Origin("spawn")  # noqa: RUF009 - it is frozen


@attrs.frozen
class PluginStats:
    """One plugin's statistics since the host opened.

    ``pid`` and ``started_at`` (seconds since the epoch) are those of the oldest process, None while none runs; ``runs``
    has those of each process. ``health`` is the worst of all processes, ``resources`` the sum.
    ``starts``, ``crashes`` and ``reloads`` are counters. The plugin works on ``in_flight`` calls; ``queued`` calls wait
    to be sent. ``breaker`` is ``closed``, ``open`` or ``half-open``. ``hooks`` has the figures of each called method,
    ``resources`` the last samples, oldest first. ``disk_bytes`` is the size of its directories, None if it has no limit
    for that. ``host_calls`` has the figures of each host service that it asked for, ``fetched_bytes`` is what came from
    the network for it.
    """

    state: PluginState
    pid: int | None = None
    started_at: float | None = None
    starts: int = 0
    crashes: int = 0
    reloads: int = 0
    in_flight: int = 0
    queued: int = 0
    breaker: str = "closed"
    health: HealthReport = attrs.field(factory=HealthReport)
    hooks: Mapping[str, HookStats] = attrs.field(factory=dict)
    resources: tuple[ResourceSample, ...] = ()
    runs: tuple[RunStats, ...] = ()
    disk_bytes: int | None = None
    host_calls: Mapping[str, HookStats] = attrs.field(factory=dict)
    fetched_bytes: int = 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes, oldest first."""
        return tuple(run.pid for run in self.runs)
