"""Values that host and plugin exchange when the plugin starts, and its health."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.types.convert import texts


@attrs.frozen
class PluginInfo:
    """A plugin's description of itself (``PluginService.Info``).

    ``created_at`` and ``updated_at`` are seconds since the epoch, 0 if unknown; the host does not rely on ``status``
    and ``install_path``.
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
    """The host's data for a plugin's ``initialize``.

    ``config`` holds the settings as text: scalars as their JSON text without quotes around strings, nested fields under
    dotted keys, and the whole as one JSON document under ``_json``. ``database_url`` is the plugin's own database
    (empty when it offers no database service); ``base_path`` its private data directory; ``plugin_base_path`` the
    directory of its code. ``host_service_addr`` is a gRPC address of the host services, and ``host_broker_id`` their id
    with go-plugin's broker, to be dialled before ``initialize`` returns: "" and 0 for a plugin with ``HostBridge``,
    which has them already.
    """

    plugin_id: str
    config: Mapping[str, str] = attrs.field(factory=dict)
    log_level: str = "info"
    database_url: str = ""
    base_path: str = ""
    host_service_addr: str = ""
    plugin_base_path: str = ""
    host_broker_id: int = 0


@attrs.frozen
class Health:
    """Whether a plugin reports that it is healthy; ``error`` is the reason if not, else empty."""

    healthy: bool
    error: str = ""
