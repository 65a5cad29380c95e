"""The states of a plugin's lifecycle."""

from __future__ import annotations

import enum


class PluginState(enum.StrEnum):
    """The state of one plugin; the host stores its reason separately."""

    DISCOVERED = "discovered"
    INVALID = "invalid"
    DISABLED = "disabled"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"
    CRASHED = "crashed"
    BACKOFF = "backoff"
    QUARANTINED = "quarantined"
