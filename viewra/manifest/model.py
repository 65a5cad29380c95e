"""What a manifest says, as values: the result of ``load``. Settings are in ``settings``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from viewra.errors import ManifestError
from viewra.manifest.cue.data import Data
from viewra.manifest.runtime import Runtime, RuntimeSchema
from viewra.manifest.settings import SettingsSchema
from viewra.services import SERVICES, Services

CAPABILITIES = SERVICES.capabilities
"""The canonical names of the services."""

OLDER_CAPABILITIES = {
    "metadata_extraction": "metadata_scraper",
    "scanner_hooks": "scanner_hook",
    "api_endpoints": "api_registration",
    "database_access": "database_service",
    "background_tasks": "",
    "external_services": "",
}
"""Names of capabilities that older manifests use, and the service that each stands for, where there is one."""

PERMISSIONS = {
    "filesystem": ("read", "write"),
    "network": ("external", "fetch", "listen"),
    "database": ("read", "write"),
    "library": ("read", "write"),
    "process": ("spawn",),
}
"""Every resource with the actions that can be asked for."""
PERMISSION_FIELDS = ("resource", "actions", "reason", "paths", "hosts", "ports")

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

    @property
    def reason(self) -> str:
        """Why the plugin asks for it, for the operator to read."""
        return str(self.details.get("reason", ""))

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders that it is about; empty: all of the library's."""
        return self._texts("paths")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it is about, each a name, ``*.name`` or ``name:port``; empty: all."""
        return self._texts("hosts")

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it is about; empty: all."""
        found = self.details.get("ports")
        return tuple(port for port in found if isinstance(port, int)) if isinstance(found, list) else ()

    def _texts(self, name: str) -> tuple[str, ...]:
        found = self.details.get(name)
        return tuple(map(str, found)) if isinstance(found, list) else ()


@attrs.frozen(eq=False)
class Manifest:
    """One plugin's manifest, valid.

    ``entry_point`` is relative to ``directory`` and does not lead out of it; whether the file is there is ``check``'s
    to say. ``capabilities`` has the canonical names that are true; ``other_capabilities`` the older and unknown ones.
    ``database_engines``: in what it can keep tables of its own, ``sqlite`` or ``postgresql`` or both.
    ``runtime_schema`` says what an operator may set of ``runtime``. ``entry_point_place`` is its line and column.
    ``requires`` maps ``viewra`` to a version specifier. ``media_types`` maps a media type to the file name extensions,
    each with its dot, that the plugin adds to the known ones. ``priority`` maps a metadata field to an int from -1000
    to 1000: where two plugins give a field, the higher number wins, and a field that is not named has 0.
    ``opt_in``: a plugin shipped with viewra starts disabled. ``warnings`` are things that a person should look
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
    requires: Mapping[str, str] = attrs.field(factory=dict)
    media_types: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    priority: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def directory(self) -> Path:
        """Where the plugin is: the directory that holds the manifest."""
        return self.file.parent

    def claimed(self, services: Services) -> frozenset[str]:
        """The services that it claims, also by their older names, of those that a host knows."""
        older = {OLDER_CAPABILITIES.get(name, name) for name in self.other_capabilities}
        return (self.capabilities | older) & frozenset(services.capabilities)
