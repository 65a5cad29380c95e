"""``Attachment``: the host's end of the stream to one process of a plugin; its requests go through the door.

What is quickly done is done by the thread that reads the stream. ``WORKERS`` threads work on the rest, and
others on what waits for others than the host, so that these hold up nothing else. While more than ``QUEUED`` requests
(or 16 MiB of them) wait, the host reads no more from the stream, so gRPC makes the plugin wait; of those that wait for
others, more are refused. A plugin that does not read its answers loses the stream.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from viewra.bridge.answering import NO_LIMIT_S, answer, failed
from viewra.bridge.call import HostCall
from viewra.bridge.door import Door, Way
from viewra.bridge.lane import Lane
from viewra.bridge.rights import Rights
from viewra.codec.host.attach import ATTACH, HostAnswer, HostRequest
from viewra.codec.limits import Limits
from viewra.codec.rpc import InvalidValue
from viewra.errors import HostTimeout, QuotaExceeded
from viewra.transport.calls import CallFailed, Stream
from viewra.transport.threads import ended

log = logging.getLogger("viewra.host")

WORKERS = 4
QUEUED = 64
LASTING = 8
"""Threads for requests that wait for others than the host."""
SEND_S = 10.0
"""Seconds in which a plugin has to read an answer."""


class _Arrived(NamedTuple):
    request: HostRequest
    at: float


class Attachment:
    """Serves one stream until ``close``, or until the process ends it; then calls ``when_over``."""

    def __init__(
        self,
        stream: Stream,
        door: Door,
        rights: Rights,
        *,
        limits: Limits,
        when_over: Callable[[], None] = lambda: None,
        send_s: float = SEND_S,
    ) -> None:
        self._stream = stream
        self._door = door
        self._rights = rights
        self._limits = limits
        self._when_over = when_over
        self._send_s = send_s
        name = f"bridge-{door.plugin_id}"
        self._usual = Lane(name, WORKERS, QUEUED, self._work)
        self._lasting = Lane(f"{name}-lasting", LASTING, QUEUED, self._work_lasting)
        self._calls: set[HostCall] = set()
        self._over = False
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End the stream, and wait for what is worked on now: nothing of this process is worked on afterwards."""
        self._end()
        ended(self._reader)
        self._usual.join()
        self._lasting.join()

    def _end(self) -> None:
        with self._lock:
            self._over = True
            calls = list(self._calls)
        self._stream.cancel()
        self._usual.end()
        self._lasting.end()
        for call in calls:
            call.cancel()

    def _read(self) -> None:
        try:
            while (data := self._stream.receive()) is not None:
                request = ATTACH.value(data, self._limits)
                self._door.wait(len(request.arguments), len(request.data))
                self._take(request, len(data))
        except CallFailed:
            pass  # the process or the host ended the stream
        except InvalidValue as error:
            log.warning("plugin %s: its stream of host services is ended: %s", self._door.plugin_id, error)
        finally:
            self._end()
            self._when_over()

    def _take(self, request: HostRequest, size: int) -> None:
        way = self._door.way(request.method)
        if way is Way.QUICK:
            self._reply(answer(self._door, self._rights, request))
        elif way is Way.USUAL:
            self._usual.put(_Arrived(request, time.monotonic()), size)
        elif not self._lasting.offer(_Arrived(request, time.monotonic()), size):
            most = "too many calls of this kind of one process are waiting"
            self._reply(failed(request, QuotaExceeded(f"{request.method}: {most}", hint="wait for some of them")))

    def _work(self, arrived: _Arrived) -> None:
        request = arrived.request
        if request.timeout_s and time.monotonic() - arrived.at >= request.timeout_s:
            self._reply(failed(request, HostTimeout(f"{request.method[:100]}: too many requests were before it")))
        else:
            self._reply(answer(self._door, self._rights, request))

    def _work_lasting(self, arrived: _Arrived) -> None:
        request = arrived.request
        call = HostCall(self._rights, request.timeout_s or NO_LIMIT_S, late=time.monotonic() - arrived.at)
        with self._lock:
            if self._over:
                return
            self._calls.add(call)
        try:
            answered = answer(self._door, self._rights, request, call)
        finally:
            with self._lock:
                self._calls.discard(call)
        self._reply(answered)

    def _reply(self, answered: HostAnswer) -> None:
        try:
            self._stream.send(ATTACH.item(answered), self._send_s)
        except CallFailed:
            self._stream.cancel()
