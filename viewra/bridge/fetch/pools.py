"""``Pools``: the connections of one plugin, apart for the public internet and for addresses inside."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable

import httpcore2

from viewra.bridge.call import HostCall
from viewra.bridge.fetch.network import RESOLVING, Network, Resolve, resolve
from viewra.bridge.fetch.options import Fetching
from viewra.hosts import parse_host

_MOST = 16
_IDLE = 4
_IDLE_S = 15.0


class Pools:
    """Makes them when they are used, and closes them with ``close``; they can then be used again. Thread-safe.

    A connection inside is never used for a request that may only go to the internet, whatever names they have.
    """

    def __init__(self, options: Fetching, tls: Callable[[], ssl.SSLContext], resolve: Resolve = resolve) -> None:
        self._options = options
        self._tls = tls
        self._resolve = resolve
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(RESOLVING)
        self._pools: dict[tuple[bool, str], httpcore2.ConnectionPool] = {}

    def pool(self, call: HostCall, scheme: str, host: str, port: int, *, inside: bool) -> httpcore2.ConnectionPool:
        """The connections for a request. Raises PermissionDenied for a host that a proxy should not be asked for."""
        proxy = "" if parse_host(host).inside else self._options.proxy_for(scheme, host)
        if proxy and not inside:
            self._require_public(call, host, port)
        with self._lock:
            found = self._pools.get((inside, proxy))
            if found is None:
                found = self._pools[inside, proxy] = self._made(proxy, inside=inside)
            return found

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _made(self, proxy: str, *, inside: bool) -> httpcore2.ConnectionPool:
        return httpcore2.ConnectionPool(
            ssl_context=self._tls(),
            proxy=httpcore2.Proxy(proxy) if proxy else None,
            max_connections=_MOST,
            max_keepalive_connections=_IDLE,
            keepalive_expiry=_IDLE_S,
            # A proxy is the operator's, wherever it is; it resolves the names itself.
            network_backend=Network(inside=inside or bool(proxy), resolve=self._resolve, places=self._places),
        )

    def _require_public(self, call: HostCall, host: str, port: int) -> None:
        network = Network(inside=False, resolve=self._resolve_here, places=self._places)
        network.addresses(host, port, call)

    def _resolve_here(self, host: str, port: int) -> list[str]:
        try:
            return list(self._resolve(host, port))
        except OSError:  # behind a proxy it is usual that only that knows names
            return []
