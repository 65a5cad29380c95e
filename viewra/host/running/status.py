"""What an operator sees of a plugin while it runs, as values: health, figures of its process, figures of its calls."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs

from viewra.adapters import HookStats
from viewra.types import PluginState


class Condition(enum.StrEnum):
    """How a running plugin is, as far as the host was told; UNKNOWN: it does not run, or was not asked yet."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """The process answers, but the plugin says that it is not well, or is not asked because its calls time out."""
    UNHEALTHY = "unhealthy"
    """The process does not answer."""


@attrs.frozen
class HealthReport:
    """The last look at a running plugin's health; ``checked_at`` in seconds since the epoch, None before the first.

    ``transport`` is what the process's gRPC health service said (True: it answers), ``own`` what the plugin's own
    ``Health`` said, which may ask a remote site; each is None when it was not asked yet. ``error`` says why it is not
    healthy, "" when it is.
    """

    condition: Condition = Condition.UNKNOWN
    transport: bool | None = None
    own: bool | None = None
    error: str = ""
    checked_at: float | None = None


@attrs.frozen
class ResourceSample:
    """What a plugin's process and its descendants used at one moment.

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
    """The figures of one of a plugin's processes, as in ``PluginStats``."""

    pid: int
    started_at: float
    in_flight: int
    health: HealthReport
    resources: tuple[ResourceSample, ...] = ()


@attrs.frozen
class PluginStats:
    """One plugin's figures since the host opened.

    ``pid`` and ``started_at`` (seconds since the epoch) are of the process that has been there longest, None while none
    runs; ``runs`` has those of each. ``health`` is the worst of theirs, ``resources`` the sum.
    ``starts``, ``crashes`` and ``reloads`` count. ``in_flight`` calls are with the plugin, ``queued`` ones wait for
    their turn. ``breaker`` is ``closed``, ``open`` or ``half-open``. ``hooks`` has the figures of each method that was
    called, ``resources`` the last samples, oldest first. ``disk_bytes`` is what its folders hold, None where it has no
    limit for that.
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

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes, in the order in which they came."""
        return tuple(run.pid for run in self.runs)
