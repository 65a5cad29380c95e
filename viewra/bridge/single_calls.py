"""``SingleCalls``: the host services for a process that calls them one by one, and does not serve ``HostBridge``.

A server has them at ``host_service_addr`` and under an id of go-plugin's broker: ``viewra.v1.HostService`` with all
services, and ``plugin.AssetService``. The requests enter by the same door as those of a stream.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from viewra.bridge.answering import NO_LIMIT_S, answer, failed
from viewra.bridge.asset_service import AssetCalls
from viewra.bridge.call import HostCall
from viewra.bridge.door import DirectAsking, Door, Way
from viewra.bridge.rights import Rights
from viewra.codec.host.attach import ATTACH, HostAnswer, HostRequest
from viewra.codec.limits import Limits
from viewra.errors import QuotaExceeded
from viewra.sdk.host.assets import Assets

MESSAGE_BYTES = 65 * 1024 * 1024
"""Of one request: an asset, and what is said of it."""
THREADS = 6
LASTING = 4
"""Calls of one process that may wait for others than the host, so that threads remain for all other calls."""


class SingleCalls:
    """The procedures for one process of a plugin, until ``close``; then calls ``when_over``. Thread-safe."""

    def __init__(self, door: Door, rights: Rights, *, limits: Limits, when_over: Callable[[], None]) -> None:
        self._door = door
        self._rights = rights
        self._limits = limits
        self._when_over = when_over
        self._assets = AssetCalls(door.plugin_id, Assets(DirectAsking(door, rights)), door.wait)
        self._lock = threading.Lock()
        self._calls: set[HostCall] = set()
        self._over = False

    @property
    def methods(self) -> Mapping[str, Callable[[bytes], bytes]]:
        """The procedures by their gRPC paths. Each raises ValueError for bytes that are no request."""
        return {"/viewra.v1.HostService/Call": self._call, **self._assets.methods}

    def close(self) -> None:
        """Cancel the calls that wait for others than the host, and begin no further ones."""
        with self._lock:
            over, self._over = self._over, True
            calls = list(self._calls)
        for call in calls:
            call.cancel()
        if not over:
            self._when_over()

    def _call(self, data: bytes) -> bytes:
        request = ATTACH.value(data, self._limits)
        self._door.wait(len(request.arguments), len(request.data))
        lasts = self._door.way(request.method) is Way.LASTING
        return ATTACH.item(self._lasting(request) if lasts else answer(self._door, self._rights, request))

    def _lasting(self, request: HostRequest) -> HostAnswer:
        call = HostCall(self._rights, request.timeout_s or NO_LIMIT_S)
        with self._lock:
            if len(self._calls) == LASTING:
                most = f"{LASTING} calls of this kind of one process are waiting"
                return failed(request, QuotaExceeded(f"{request.method}: {most}", hint="wait for some of them"))
            self._calls.add(call)
            if self._over:
                call.cancel()
        try:
            return answer(self._door, self._rights, request, call)
        finally:
            with self._lock:
                self._calls.discard(call)
