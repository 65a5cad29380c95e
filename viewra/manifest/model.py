"""The values of a manifest: the result of ``load``. Settings are in ``settings``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from viewra import services
from viewra.errors import ManifestError
from viewra.manifest.cue.data import Data
from viewra.manifest.runtime import Runtime, RuntimeSchema
from viewra.manifest.settings import SettingsSchema
from viewra.services import SERVICES, Services

CAPABILITIES = SERVICES.capabilities
"""The canonical names of the services."""

EXTENSIONS = services.EXTENSIONS.capabilities
"""Names of the services of viewra alone, which a manifest may have for its readers: the process shows them."""

OLDER_CAPABILITIES = {
    "metadata_extraction": "metadata_scraper",
    "scanner_hooks": "scanner_hook",
    "api_endpoints": "api_registration",
    "database_access": "database_service",
    "background_tasks": "",
    "external_services": "",
}
"""Names of capabilities in older manifests, and the service for each, if any."""

PERMISSIONS = {
    "filesystem": ("read", "write"),
    "network": ("external", "fetch", "listen"),
    "database": ("read", "write"),
    "library": ("read", "write"),
    "process": ("spawn",),
    "events": ("publish", "subscribe"),
    "http": ("public",),
}
"""Every resource with the actions that a manifest can request."""
PERMISSION_FIELDS = ("resource", "actions", "reason", "paths", "hosts", "ports", "names")

TYPES = ("metadata_scraper", "scanner_hook", "database", "admin_page", "generic")
"""The documented values of ``type``; any other counts as ``generic``."""


@attrs.frozen
class Permission:
    """One permission that the plugin requests: ``actions`` on a ``resource``; ``details`` are its other fields.

    The short form ``"network:external"`` means resource ``network``, action ``external``.
    """

    resource: str
    actions: tuple[str, ...] = ()
    details: Mapping[str, Data] = attrs.field(factory=dict)

    @property
    def reason(self) -> str:
        """Why the plugin requests it, for the operator."""
        return str(self.details.get("reason", ""))

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders that it covers, empty: all of the library's; or the paths of routes."""
        return self._texts("paths")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it covers, each a name, ``*.name`` or ``name:port``; empty: all."""
        return self._texts("hosts")

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it covers; empty: all."""
        found = self.details.get("ports")
        return tuple(port for port in found if isinstance(port, int)) if isinstance(found, list) else ()

    @property
    def names(self) -> tuple[str, ...]:
        """The events that it covers, by patterns of names."""
        return self._texts("names")

    def _texts(self, name: str) -> tuple[str, ...]:
        found = self.details.get(name)
        return tuple(map(str, found)) if isinstance(found, list) else ()


@attrs.frozen(eq=False)
class Manifest:
    """One plugin's valid manifest.

    ``entry_point`` is relative to ``directory`` and stays inside it; ``check`` tests whether the file exists.
    ``capabilities`` has the current names of the services that are true, ``other_capabilities`` older and unknown
    names. ``database_engines`` are the databases in which it can keep tables: ``sqlite``, ``postgresql`` or both.
    ``runtime_schema`` defines what an operator may set of ``runtime``. ``entry_point_place`` is its line and column.
    ``requires`` maps ``viewra`` to a version specifier. ``media_types`` maps a media type to the file name extensions,
    each with its dot, that the plugin adds. ``priority`` maps a metadata field to an int from -1000 to 1000: if two
    plugins give a field, the higher number wins; fields without a number have 0. ``opt_in``: a plugin shipped with
    viewra that starts disabled. ``schedules`` maps names of tasks to when they are enqueued. ``warnings`` are for
    people; nothing depends on them.
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
    schedules: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def directory(self) -> Path:
        """The plugin's directory, which contains the manifest."""
        return self.file.parent

    def claimed(self, services: Services) -> frozenset[str]:
        """The services that it claims, also by older names, among those that a host knows."""
        older = set(map(OLDER_CAPABILITIES.get, self.other_capabilities, self.other_capabilities))
        return (self.capabilities | older) & frozenset(services.capabilities)
