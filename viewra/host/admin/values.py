"""What operations give: plugins as an operator sees them, and what was done to them. ``present`` makes JSON of it.

Times are in seconds, sizes in bytes. A field marked with ``OMITTED`` is left out of the JSON where it is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from viewra.host.installed.grants import Grant
from viewra.host.installed.pins import Pin
from viewra.host.installed.settings import Setting
from viewra.host.running.status import Condition, HealthReport, ResourceSample
from viewra.manifest import Runtime
from viewra.types import PluginState

OMITTED = {"omitted": True}


@attrs.frozen
class Host:
    """The process that answers, and how many plugins it has."""

    pid: int
    process: str
    plugins: int


@attrs.frozen
class Summary:
    """One plugin in short. ``health`` and ``breaker`` are None for one that is not in force."""

    id: str
    name: str
    version: str
    type: str
    state: PluginState
    reason: str
    pid: int | None
    pids: tuple[int, ...]
    services: tuple[str, ...]
    path: Path | None
    health: HealthReport | None
    breaker: str | None


@attrs.frozen
class Enforcement:
    """What confines a plugin: ``enforced`` says by what each thing is held, ``missing`` what is not, and why."""

    backend: str
    enforced: tuple[str, ...]
    missing: tuple[str, ...]


@attrs.frozen
class Details(Summary):
    """All that is known of one plugin, but for its figures; what is None by default is of its manifest."""

    description: str
    author: str
    website: str
    repository: str
    license: str
    tags: tuple[str, ...]
    pinned: Pin | None
    entry_point: str | None = attrs.field(default=None, metadata=OMITTED)
    permissions: tuple[Grant, ...] | None = attrs.field(default=None, metadata=OMITTED)
    sandbox: Enforcement | None = None
    limits: Mapping[str, float] | None = attrs.field(default=None, metadata=OMITTED)
    runtime: Runtime | None = attrs.field(default=None, metadata=OMITTED)
    warnings: tuple[str, ...] | None = attrs.field(default=None, metadata=OMITTED)


@attrs.frozen
class Process:
    """What a plugin's processes use now; ``cpu_percent`` of one core."""

    cpu_percent: float
    rss_bytes: int
    threads: int
    open_files: int
    processes: int
    read_bytes: int
    written_bytes: int


@attrs.frozen
class HookFigures:
    """The calls of one hook: how many, how many failed, and how long they took."""

    calls: int
    errors: int
    errors_by_kind: Mapping[str, int]
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float


@attrs.frozen
class RunFigures:
    """One process of a plugin; ``process`` is None until it was looked at."""

    pid: int
    uptime_s: float
    in_flight: int
    health: HealthReport
    process: Process | None


@attrs.frozen
class Figures:
    """One plugin's figures since the host opened: its process now and before, its calls in all and by hook."""

    id: str
    state: PluginState
    pid: int | None
    pids: tuple[int, ...]
    uptime_s: float | None
    starts: int
    crashes: int
    reloads: int
    process: Process | None
    calls: int
    errors: int
    errors_by_kind: Mapping[str, int]
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float
    in_flight: int
    queued: int
    breaker: str
    health: HealthReport
    hooks: Mapping[str, HookFigures]
    limits: Mapping[str, float]
    disk_bytes: int | None
    history: tuple[ResourceSample, ...]
    runs: tuple[RunFigures, ...]


@attrs.frozen
class Checkup:
    """One plugin's health. ``transport``: the process answers; ``own``: what the plugin says of itself.

    Both are None for a plugin that was not asked, and ``own`` for one whose answer did not come. ``well`` is whether
    nothing is wrong, ``error`` what is.
    """

    id: str
    state: PluginState
    condition: Condition
    transport: bool | None
    own: bool | None
    error: str
    breaker: str
    well: bool


@attrs.frozen
class Done:
    """A plugin was changed: ``said`` tells it to people, ``plugin`` is what it is now."""

    said: str
    plugin: Summary


@attrs.frozen
class Started(Done):
    """A plugin was started, in ``seconds``."""

    seconds: float


@attrs.frozen
class Granted(Done):
    """What a plugin asks for, and whether it may."""

    permissions: tuple[Grant, ...]


@attrs.frozen
class Pinned(Done):
    """A plugin runs only with the code whose digests ``pinned`` has; None: with any."""

    pinned: Pin | None


@attrs.frozen
class Removed:
    """A plugin was uninstalled; ``path`` is where it was, None where only its data was left."""

    said: str
    id: str
    path: Path | None


@attrs.frozen
class Settings:
    """A plugin's settings; ``pid`` is of the process that runs with what was set before."""

    settings: tuple[Setting, ...]
    pid: int | None
