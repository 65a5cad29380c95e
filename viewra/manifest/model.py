"""What a manifest says, as values: the result of ``load``. Settings are in ``settings``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from viewra.errors import ManifestError
from viewra.manifest.cue.data import Data
from viewra.manifest.settings import SettingsSchema
from viewra.services import SERVICES, Services

if TYPE_CHECKING:
    from viewra.manifest.runtime import RuntimeSchema

CAPABILITIES = SERVICES.capabilities
"""The canonical names of the services."""

TYPES = ("metadata_scraper", "scanner_hook", "database", "admin_page", "generic")
"""The documented values of ``type``; any other is treated as ``generic``."""


@attrs.frozen
class Permission:
    """One thing that the plugin asks for: ``actions`` on a ``resource``; ``details`` are its other fields.

    The compact form ``"network:external"`` is resource ``network``, action ``external``.
    """

    resource: str
    actions: tuple[str, ...] = ()
    details: Mapping[str, Data] = attrs.field(factory=dict)


@attrs.frozen
class Restart:
    """How often a crashed plugin is started again: at most ``max`` times in ``window_s`` seconds."""

    max: int = 5
    window_s: float = 60.0


@attrs.frozen
class HealthChecks:
    """How often a running plugin is asked whether it is well, in seconds.

    Its process is asked every ``interval_s``, itself (which may ask a remote site) every ``own_interval_s``; each
    answer may take ``timeout_s``. After ``failures`` checks in a row without an answer it is started again, by what
    ``restart`` says: of the ``transport`` (the process), of ``both``, or ``never``.
    """

    interval_s: float = 10.0
    own_interval_s: float = 60.0
    timeout_s: float = 5.0
    failures: int = 3
    restart: str = "transport"


@attrs.frozen
class Runtime:
    """How the plugin's process is run. Times are in seconds; ``idle_timeout_s`` 0 means never.

    ``call_timeout_s`` has ``default`` and, by hook name, what differs. At most ``max_calls`` are under way at once, and
    ``max_queue`` wait for their turn. ``limits`` may have ``memory_mb``, ``cpu_percent``, ``open_files`` and
    ``processes``. ``reload`` is ``blue-green`` or ``restart``. One that is ``detachable`` may outlive its host, under a
    lease. One that is not ``lazy`` starts with the host.
    """

    workers: int = 1
    lazy: bool = True
    idle_timeout_s: float = 0.0
    start_timeout_s: float = 60.0
    call_timeout_s: Mapping[str, float] = attrs.field(factory=lambda: {"default": 30.0})
    max_calls: int = 64
    max_queue: int = 256
    limits: Mapping[str, float] = attrs.field(factory=dict)
    restart: Restart = attrs.field(factory=Restart)
    health: HealthChecks = attrs.field(factory=HealthChecks)
    reload: str = "blue-green"
    detachable: bool = False

    def timeout_s(self, hook: str) -> float:
        """The deadline of a call of one hook, in seconds."""
        return self.call_timeout_s.get(hook, self.call_timeout_s["default"])


@attrs.frozen(eq=False)
class Manifest:
    """One plugin's manifest, valid.

    ``entry_point`` is relative to ``directory`` and does not lead out of it; whether the file is there is ``check``'s
    to say. ``capabilities`` has the canonical names that are true; ``other_capabilities`` the older and unknown ones.
    ``database_engines``: in what it can keep tables of its own, ``sqlite`` or ``postgresql`` or both.
    ``runtime_schema`` says what an operator may set of ``runtime``. ``entry_point_place`` is its line and column.
    ``opt_in``: even if it comes with viewra, somebody must enable it. ``warnings`` are things that a person should look
    at and that nothing depends on.
    """

    file: Path
    id: str
    name: str
    version: str
    description: str
    author: str
    website: str
    repository: str
    license: str
    help: str
    type: str
    tags: tuple[str, ...]
    entry_point: str
    capabilities: frozenset[str]
    other_capabilities: frozenset[str]
    permissions: tuple[Permission, ...]
    settings: SettingsSchema
    runtime: Runtime
    runtime_schema: RuntimeSchema
    warnings: tuple[ManifestError, ...] = ()
    entry_point_place: tuple[int, int] = (0, 0)
    opt_in: bool = False
    database_engines: frozenset[str] = frozenset({"sqlite"})

    @property
    def directory(self) -> Path:
        """Where the plugin is: the directory that holds the manifest."""
        return self.file.parent

    def claimed(self, services: Services) -> frozenset[str]:
        """The services that it claims, of those that a host knows, by their names in manifests."""
        return (self.capabilities | self.other_capabilities) & frozenset(services.capabilities)
