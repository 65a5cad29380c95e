"""Observes plugins' states through the hook ``plugin_state_changed``."""

from __future__ import annotations

from collections.abc import Callable

from viewra import hookimpl
from viewra.types import PluginState

StateListener = Callable[[str, PluginState, PluginState, str], None]


class StateObserver:
    """Passes each change on to ``tell``."""

    def __init__(self, tell: StateListener) -> None:
        self._tell = tell

    @hookimpl
    def plugin_state_changed(self, plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        """A plugin's state has changed."""
        self._tell(plugin_id, old, new, reason)
