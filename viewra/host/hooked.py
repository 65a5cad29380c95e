"""Puts plugins behind pluggy's hooks: for each plugin the adapters of all services, in every version that is spoken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import pluggy

from viewra.adapters import AtVersion, Endpoint, ServiceAdapter


class HookedPlugins:
    """The adapters that are registered with ``pm``. For any thread."""

    def __init__(self, pm: pluggy.PluginManager, versions: Mapping[int, Sequence[type[ServiceAdapter]]]) -> None:
        self._pm = pm
        self._versions = dict(versions)
        self._lock = threading.Lock()
        self._there: set[str] = set()

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of the services that the adapters speak."""
        return tuple(self._versions)

    def add(self, plugin_id: str, endpoint: Endpoint, agreed: Callable[[], int | None]) -> None:
        """Call a plugin by the hooks from now on; ``agreed`` gives the version that it speaks."""
        with self._lock:
            for version, adapters in self._versions.items():
                seen = self._seen_at(version, endpoint, agreed)
                for adapter in adapters:
                    self._pm.register(adapter(seen), name=_name(plugin_id, adapter, version))
            self._there.add(plugin_id)

    def remove(self, plugin_id: str) -> None:
        """Call a plugin by the hooks no more; one that is not there is left alone."""
        with self._lock:
            if plugin_id not in self._there:
                return
            self._there.discard(plugin_id)
            for version, adapters in self._versions.items():
                for adapter in adapters:
                    self._pm.unregister(name=_name(plugin_id, adapter, version))

    def close(self) -> None:
        """Remove them all."""
        for plugin_id in tuple(self._there):
            self.remove(plugin_id)

    def _seen_at(self, version: int, endpoint: Endpoint, agreed: Callable[[], int | None]) -> Endpoint:
        """The plugin as adapters of this version see it; where there is but one version, as it is."""
        if len(self._versions) == 1:
            return endpoint
        return AtVersion(endpoint, version, agreed, speaks_for_all=version == max(self._versions))


def _name(plugin_id: str, adapter: type[ServiceAdapter], version: int) -> str:
    return f"{plugin_id}:{adapter.capability}@{version}"
