"""The results of operations: plugins as an operator sees them, and the effects of commands; see ``present`` for JSON.

Times are in seconds, sizes in bytes. A field marked with ``OMITTED`` is left out of the JSON if it is None.
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
    """The answering process, and the number of its plugins."""

    pid: int
    process: str
    plugins: int


@attrs.frozen
class Summary:
    """A short description of a plugin. ``health`` and ``breaker`` are None if it is not in force."""

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
    """A plugin's sandbox: ``enforced`` lists what each mechanism enforces, ``missing`` the gaps and their reasons."""

    backend: str
    enforced: tuple[str, ...]
    missing: tuple[str, ...]


@attrs.frozen
class Details(Summary):
    """A full description of a plugin, without its figures; fields with the default None are from its manifest."""

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
    """The present resource use of a plugin's processes; ``cpu_percent`` is of one core."""

    cpu_percent: float
    rss_bytes: int
    threads: int
    open_files: int
    processes: int
    read_bytes: int
    written_bytes: int


@attrs.frozen
class HookFigures:
    """The calls of one hook: their number, failures and durations."""

    calls: int
    errors: int
    errors_by_kind: Mapping[str, int]
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float


@attrs.frozen
class RunFigures:
    """One process of a plugin; ``process`` is None until it was sampled."""

    pid: int
    uptime_s: float
    in_flight: int
    health: HealthReport
    process: Process | None


@attrs.frozen
class Figures:
    """One plugin's figures since the host opened: its present and past processes, its calls in all and by hook."""

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
    history: tuple[ResourceSample, ...]
    runs: tuple[RunFigures, ...]


@attrs.frozen
class Checkup:
    """One plugin's health. ``transport``: whether the process answers; ``own``: the health that the plugin reports.

    Both are None for a plugin that was not asked, and ``own`` is None if no answer came. ``well`` is whether nothing is
    wrong, ``error`` says what is.
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
    """A plugin was changed: ``said`` is the message for people, ``plugin`` its present description."""

    said: str
    plugin: Summary


@attrs.frozen
class Started(Done):
    """A plugin was started, in ``seconds``."""

    seconds: float


@attrs.frozen
class Granted(Done):
    """The permissions that a plugin requests, and whether they are granted."""

    permissions: tuple[Grant, ...]


@attrs.frozen
class Pinned(Done):
    """The digests to which a plugin is pinned; None: it is not pinned."""

    pinned: Pin | None


@attrs.frozen
class Removed:
    """A plugin was uninstalled; ``path`` is where it was, None if only its data was left."""

    said: str
    id: str
    path: Path | None


@attrs.frozen
class Settings:
    """A plugin's settings; ``pid`` is its process, which still runs with the old settings."""

    settings: tuple[Setting, ...]
    pid: int | None
