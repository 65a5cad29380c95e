"""What host and plugin tell each other at the start, and later of its health."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.types.convert import texts


@attrs.frozen
class PluginInfo:
    """What a plugin says of itself (``PluginService.Info``).

    ``created_at`` and ``updated_at`` are seconds since the epoch, 0 where unknown; ``status`` and ``install_path`` are
    as the plugin reports them and are not relied on.
    """

    id: str
    name: str = ""
    version: str = ""
    description: str = ""
    author: str = ""
    website: str = ""
    repository: str = ""
    license: str = ""
    type: str = ""
    tags: tuple[str, ...] = attrs.field(default=(), converter=texts)
    status: str = ""
    install_path: str = ""
    created_at: int = 0
    updated_at: int = 0
    capabilities: tuple[str, ...] = attrs.field(default=(), converter=texts)


@attrs.frozen
class PluginContext:
    """What a plugin is given at ``initialize``.

    ``config`` holds the settings as text: scalars as their JSON text without quotes around strings, nested fields under
    dotted keys, and the whole as one JSON document under ``_json``. ``database_url`` is the plugin's own database
    (empty when it offers no database service); ``base_path`` its private data directory; ``plugin_base_path`` the
    directory of its code; ``host_service_addr`` is empty while the host serves nothing to plugins.
    """

    plugin_id: str
    config: Mapping[str, str] = attrs.field(factory=dict)
    log_level: str = "info"
    database_url: str = ""
    base_path: str = ""
    host_service_addr: str = ""
    plugin_base_path: str = ""


@attrs.frozen
class Health:
    """Whether a plugin says it is well; ``error`` is why not, empty when healthy."""

    healthy: bool
    error: str = ""
