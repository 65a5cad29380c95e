"""Where a plugin is in its life."""

from __future__ import annotations

import enum


class PluginState(enum.StrEnum):
    """Where one plugin is in its life; the reason that goes with it is kept beside it."""

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
