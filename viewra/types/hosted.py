"""Values of host services: what a plugin stores, and what it shows to the operator."""

from __future__ import annotations

import attrs


@attrs.frozen
class StoredValue:
    """A value of ``self.host.kv``: bytes or JSON data, as it was stored.

    ``version`` differs with each change of the key; ``expires_at`` is in microseconds since the epoch, None: never.
    """

    value: object
    version: int
    expires_at: int | None = None


@attrs.frozen
class PluginProgress:
    """How far a plugin's work of this name is, as it reports: ``done`` of ``total`` units (None: unknown).

    ``at`` is when it was reported last, in seconds since the epoch.
    """

    name: str
    done: float
    total: float | None
    text: str
    at: float


@attrs.frozen
class PluginNotice:
    """A message of a plugin to the operator; ``level`` is info, warning or error, ``at`` in seconds since the epoch."""

    level: str
    text: str
    key: str
    at: float
