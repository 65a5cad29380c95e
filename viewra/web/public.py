"""Knows which routes of plugins are public, and limits what one client may ask of them.

A public route is answered without a session or token of viewra's: the plugin itself finds out who asks. Its manifest
requests the permission ``http:public`` with the paths, and the operator grants it.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

from viewra.bridge.bucket import Bucket
from viewra.host import Host
from viewra.host.installed.grants import PUBLIC
from viewra.web.accounts.throttle import network
from viewra.web.declared import ROUTES

PER_S, BURST = 50.0, 500.0
"""Requests a second of one client to public routes, and how many at once after a pause: players ask for many covers."""
AT_ONCE = 32
"""Requests of one client that are open at the same time, of the 128 that a plugin gets of all."""
REMEMBERED = 10_000
"""Clients whose pace is remembered: the least recent are forgotten first."""


class PublicRoutes:
    """The public routes of a host's plugins. Any thread may use it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._paces: OrderedDict[str, Bucket] = OrderedDict()
        self._open: Counter[str] = Counter()

    def has(self, path: str) -> bool:
        """Whether a request's path leads to a public route. Reads the operator's grants, so not on the event loop."""
        plugin_id, below = split(path)
        plugin = self._host.plugins.get(plugin_id)
        if plugin is None:
            return False
        granted = next((one for one in plugin.permissions if one.name == PUBLIC and one.granted), None)
        return granted is not None and _is_below(below, granted.paths)

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Let a client with this address send one request. Raises HTTPException 429 if it sends too many."""
        client = network(address)
        with self._lock:
            pace = self._paces.setdefault(client, Bucket(PER_S, BURST))
            self._paces.move_to_end(client)
            while len(self._paces) > REMEMBERED:
                self._paces.popitem(last=False)
            if self._open[client] >= AT_ONCE or pace.take(within_s=0.0) > 0:
                raise HTTPException(429, "too many requests", {"Retry-After": "1"})
            self._open[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[client] -= 1
                if not self._open[client]:
                    del self._open[client]


def split(path: str) -> tuple[str, str]:
    """The plugin whose route a path leads to, and the path below its base; "" twice for other paths."""
    if not path.startswith(ROUTES + "/"):
        return "", ""
    plugin_id, slash, below = path.removeprefix(ROUTES + "/").partition("/")
    return (plugin_id, slash + below) if slash else ("", "")


def _is_below(path: str, bases: Iterable[str]) -> bool:
    if any(step in {".", "..", ""} for step in path.split("/")[1:-1]):
        return False
    return any(path == base or path.startswith(base.rstrip("/") + "/") for base in bases)
