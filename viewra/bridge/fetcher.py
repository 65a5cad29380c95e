"""``Fetcher``: the HTTP of one host for its plugins, of which nothing is loaded until one of them fetches something."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewra.bridge.fetch.options import Fetching
from viewra.types import Fetched

if TYPE_CHECKING:
    import ssl

    from viewra.bridge.fetch.cache import Cache
    from viewra.bridge.fetch.network import Resolve
    from viewra.bridge.fetch.pools import Pools
    from viewra.bridge.fetch.service import FetchService, Storing


class Fetcher:
    """What the plugins of a host share: options, certificates, the cache in ``directory`` (None: none). Thread-safe."""

    def __init__(
        self,
        options: Fetching | None = None,
        directory: Path | None = None,
        *,
        resolve: Resolve | None = None,
    ) -> None:
        self.options = options or Fetching()
        self._directory = directory
        self._resolve = resolve
        self._lock = threading.Lock()
        self._cache: Cache | None = None

    def of(self, plugin_id: str, assets: Storing | None = None) -> PluginFetch:
        """The service of a plugin; large bodies go to ``assets``."""
        return PluginFetch(self, plugin_id, assets)

    @property
    def cache(self) -> Cache:
        """The cache, made when it is asked for first."""
        from viewra.bridge.fetch.cache import Cache  # as the module's first line says

        with self._lock:
            if self._cache is None:
                self._cache = Cache(self._directory)
            return self._cache

    def pools(self) -> Pools:
        """Connections for a plugin."""
        from viewra.bridge.fetch.network import resolve  # as above
        from viewra.bridge.fetch.pools import Pools

        return Pools(self.options, lambda: self._tls, self._resolve or resolve)

    def forget(self, plugin_id: str) -> None:
        """Delete what is cached for a plugin alone."""
        if self._directory is not None and self._directory.is_dir():
            self.cache.forget(plugin_id)

    def close(self) -> None:
        """Close the cache's files."""
        with self._lock:
            if self._cache is not None:
                self._cache.close()

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        return self.options.tls()


class PluginFetch:
    """``fetch`` of one plugin: makes its service when it is used first. Thread-safe."""

    def __init__(self, fetcher: Fetcher, plugin_id: str, assets: Storing | None) -> None:
        self._fetcher = fetcher
        self._assets = assets
        self._plugin_id = plugin_id
        self._lock = threading.Lock()
        self._pools: Pools | None = None
        self._service: FetchService | None = None

    def request(self, **arguments: Any) -> Fetched:
        """Fetch what fits into memory."""
        return self._made().request(**arguments)

    def to_asset(self, **arguments: Any) -> Fetched:
        """Fetch what the host stores."""
        return self._made().to_asset(**arguments)

    @property
    def received(self) -> int:
        """The bytes that came from the network for it so far."""
        service = self._service
        return service.traffic.received if service is not None else 0

    def close(self) -> None:
        """Close its connections."""
        if self._pools is not None:
            self._pools.close()

    def _made(self) -> FetchService:
        from viewra.bridge.fetch.service import FetchService  # as the module's first line says

        with self._lock:
            if self._service is None:
                fetcher = self._fetcher
                self._pools = fetcher.pools()
                self._service = FetchService(self._plugin_id, fetcher.options, fetcher.cache, self._pools, self._assets)
            return self._service
