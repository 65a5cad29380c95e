"""Puts plugins behind pluggy's hooks: for each plugin the adapters of all services."""

from __future__ import annotations

import threading

import pluggy

from viewra.adapters import Endpoint, ServiceAdapter, adapters_of
from viewra.services import Services


class HookedPlugins:
    """The adapters of ``services`` that are registered with ``pm``. Thread-safe."""

    def __init__(self, pm: pluggy.PluginManager, services: Services) -> None:
        self._pm = pm
        self._adapters = tuple(adapters_of(services))
        self._lock = threading.Lock()
        self._there: set[str] = set()

    def add(self, plugin_id: str, endpoint: Endpoint) -> None:
        """Put a plugin behind the hooks."""
        with self._lock:
            for adapter in self._adapters:
                self._pm.register(adapter(endpoint), name=_name(plugin_id, adapter))
            self._there.add(plugin_id)

    def remove(self, plugin_id: str) -> None:
        """Take a plugin away from the hooks; a plugin that is not there is ignored."""
        with self._lock:
            if plugin_id not in self._there:
                return
            self._there.discard(plugin_id)
            for adapter in self._adapters:
                self._pm.unregister(name=_name(plugin_id, adapter))

    def close(self) -> None:
        """Remove them all."""
        for plugin_id in tuple(self._there):
            self.remove(plugin_id)


def _name(plugin_id: str, adapter: type[ServiceAdapter]) -> str:
    return f"{plugin_id}:{adapter.capability}"
