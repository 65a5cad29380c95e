"""The results of operations: plugins as an operator sees them, and the effects of commands; see ``present`` for JSON.

Times are in seconds, sizes in bytes. A field marked with ``OMITTED`` is left out of the JSON if it is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from viewra.host.installed.grants import Grant
from viewra.host.installed.pins import Pin
from viewra.host.installed.settings import Setting
from viewra.host.running.status import Condition, HealthReport, ResourceSample
from viewra.manifest import Runtime
from viewra.process.plan import Origin, OriginKind
from viewra.transport.hclog import LogRecord
from viewra.types import PluginNotice, PluginProgress, PluginState

OMITTED = {"omitted": True}


@attrs.frozen
class Host:
    """The answering process, and the number of its plugins."""

    pid: int
    process: str
    plugins: int


@attrs.frozen
class Summary:
    """A short description of a plugin. ``health`` and ``breaker`` are None if it is not in force.

    ``origins`` says how the host came to each of the processes ``pids``, ``spawned`` why it was not by a zygote.
    """

    id: str
    name: str
    version: str
    type: str
    state: PluginState
    reason: str
    pid: int | None
    pids: tuple[int, ...]
    origins: tuple[OriginKind, ...]
    spawned: tuple[str, ...]
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
    progress: tuple[PluginProgress, ...] = ()
    notices: tuple[PluginNotice, ...] = ()


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
    origin: Origin


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
    host_calls: Mapping[str, HookFigures]
    fetched_bytes: int
    limits: Mapping[str, float]
    disk_bytes: int | None
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
class Preview:
    """A package that was fetched and checked, but not installed; ``installed`` is the version in use, if there is one.

    ``source`` is its catalog, path or address. ``signer`` is the key that signed it, ``signer_before`` the one that
    signed the version in use, each "" for none. ``digest`` is the SHA-256 of all its files.
    """

    id: str
    name: str
    version: str
    installed: str | None
    description: str
    author: str
    source: str
    signer: str
    signer_before: str
    permissions: tuple[Grant, ...]
    digest: str


@attrs.frozen
class Upgraded:
    """Whether a plugin was upgraded: ``said`` is the message for people."""

    said: str
    upgraded: bool


@attrs.frozen
class Removed:
    """A plugin was uninstalled; ``path`` is where it was, None if only its data was left."""

    said: str
    id: str
    path: Path | None


@attrs.frozen
class LogEntry:
    """One record of a plugin's log; ``time`` is in ISO 8601 by the plugin's clock, None if the record had none."""

    plugin: str
    time: str | None
    level: str
    message: str
    module: str
    fields: Mapping[str, Any]


def log_entry(plugin_id: str, record: LogRecord) -> LogEntry:
    """A log record as an operator sees it."""
    time = record.timestamp.isoformat() if record.timestamp is not None else None
    return LogEntry(plugin_id, time, record.level, record.message, record.module, record.fields)


@attrs.frozen
class Settings:
    """A plugin's settings; ``pid`` is its process if that still runs with others.

    ``applied``: it uses what was changed already.
    """

    settings: tuple[Setting, ...]
    pid: int | None
    applied: bool = False


@attrs.frozen
class HookCalled:
    """A hook was called by hand: its ``value``, after ``seconds``."""

    plugin: str
    hook: str
    value: object
    seconds: float
