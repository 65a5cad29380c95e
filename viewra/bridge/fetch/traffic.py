"""``Traffic``: how often, and how much, the processes of one plugin fetch together: limits and figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from viewra.bridge.bucket import Bucket
from viewra.bridge.call import HostCall
from viewra.errors import QuotaExceeded

REQUESTS_PER_S = 5.0
"""Requests a second to one host, where a plugin's manifest and its operator say nothing else."""
_BURST_S = 2.0
"""A host may get the requests of this many seconds at once after a pause."""
_MOST_HOSTS = 4096


class Traffic:
    """The token buckets of one plugin, for each host and for all bytes. Thread-safe."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._hosts: dict[str, Bucket] = {}
        self._bytes: Bucket | None = None
        self._received = 0

    @property
    def received(self) -> int:
        """The bytes that came from the network for it so far."""
        return self._received

    def request(self, host: str, call: HostCall) -> None:
        """Wait until it may send this host one more request; raises QuotaExceeded if that is after the call's end."""
        bucket = self._host(host, call.rights.limits)
        left_s = call.left_s()
        wait_s = bucket.take(within_s=left_s)
        if wait_s > left_s:
            raise QuotaExceeded(
                f"{host} gets at most {bucket.per_s:g} requests a second of this plugin, and more are waiting",
                hint="ask less often, or allow the call more time (timeout_s); the limit is requests_per_s",
            )
        if wait_s:
            call.sleep(wait_s)

    def pause(self, host: str, seconds: float, call: HostCall) -> None:
        """Send this host nothing for some seconds: it asked for that."""
        self._host(host, call.rights.limits).pause(seconds)

    def receive(self, size: int, call: HostCall) -> None:
        """Count bytes from the network, and wait as long as its limit asks for."""
        per_s = call.rights.limits.get("network_kb_s", 0) * 1024
        with self._lock:
            self._received += size
            if per_s and (self._bytes is None or self._bytes.per_s != per_s):
                self._bytes = Bucket(per_s, per_s, now=self._now)
            bucket = self._bytes
        if per_s and bucket is not None and (wait_s := bucket.take(size)):
            call.sleep(wait_s)

    def _host(self, host: str, limits: Mapping[str, float]) -> Bucket:
        """The bucket of a host; raises QuotaExceeded for one too many: each is kept until it is full again."""
        per_s = limits.get("requests_per_s", REQUESTS_PER_S)
        with self._lock:
            found = self._hosts.get(host)
            if found is None or found.per_s != per_s:
                self._require_room()
                found = Bucket(per_s, max(1.0, per_s * _BURST_S), now=self._now)
            self._hosts[host] = found
            return found

    def _require_room(self) -> None:
        if len(self._hosts) < _MOST_HOSTS:
            return
        self._hosts = {name: bucket for name, bucket in self._hosts.items() if not bucket.is_full}
        if len(self._hosts) >= _MOST_HOSTS:
            raise QuotaExceeded(
                f"this plugin has asked {_MOST_HOSTS:,} hosts within a moment", hint="ask fewer hosts at a time"
            )
