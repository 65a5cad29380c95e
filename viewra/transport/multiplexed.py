"""``MultiplexedWire``: calls that are in flight at the same time share a stream, where the plugin serves that.

A call costs two processes about as much as the message that carries it, and calls in flight together need few messages.
A call that is alone is made without the stream, which would not make it faster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from viewra.transport.call_stream import PATH, CallStream
from viewra.transport.calls import CallFailed, Ended, Method, Streaming, Trailer, Wire

SERVICE = PATH.split("/")[1]
"""The service that a process lists which serves the stream."""
REQUEST_BYTES = 64 * 1024
"""A larger request is sent alone, since others would wait behind it."""
LEAST_RESPONSE_BYTES = 1024 * 1024
"""A host that accepts only smaller responses does without the stream: its messages have many."""


class MultiplexedWire:
    """The calls of ``wire``, on one stream as far as they are in flight together, once ``multiplex`` was called."""

    def __init__(self, wire: Wire) -> None:
        self.streaming = wire.streaming
        self._wire = wire
        self._methods: dict[str, _Method] = {}
        self._shared = _Shared(wire.streaming)

    def method(self, path: str) -> Method:
        """The procedure at this path; raises CallFailed when the connection is closed."""
        found = self._methods.get(path)
        if found is None:
            found = self._methods[path] = _Method(path, self._wire.method(path), self._shared)
        return found

    def multiplex(self, name: str, response_bytes: int) -> None:
        """Use a stream from now on: the plugin called ``name`` serves it. A response has at most ``response_bytes``."""
        if response_bytes < 0 or response_bytes >= LEAST_RESPONSE_BYTES:
            self._shared.allow(name, response_bytes)


class _Shared:
    """Counts the calls of a connection, and opens its stream when two are in flight for the first time."""

    def __init__(self, streaming: Callable[[str], Streaming]) -> None:
        self._streaming = streaming
        self._lock = threading.Lock()
        self._in_flight = 0
        self._allowed: tuple[str, int] | None = None
        self._stream: CallStream | None = None

    def allow(self, name: str, response_bytes: int) -> None:
        self._allowed = (name, response_bytes)

    def enter(self) -> CallStream | None:
        """A call begins. Returns the stream for it, None for a call without a stream."""
        with self._lock:
            self._in_flight += 1
            if self._in_flight == 1 or self._allowed is None:
                return None
            if self._stream is None:
                try:
                    self._stream = CallStream(self._streaming(PATH), *self._allowed)
                except (CallFailed, RuntimeError):  # closed; no more threads: the call itself will say so
                    self._allowed = None
            return self._stream

    def leave(self) -> None:
        """A call is over."""
        with self._lock:
            self._in_flight -= 1


class _Method:
    __slots__ = ("_alone", "_path", "_shared")

    def __init__(self, path: str, alone: Method, shared: _Shared) -> None:
        self._path = path
        self._alone = alone
        self._shared = shared

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        stream = self._shared.enter()
        try:
            if stream is not None and len(request) <= REQUEST_BYTES:
                call = stream.call(self._path, request, timeout_s)
                if call is not None:
                    return call.result()
            return self._alone(request, timeout_s)
        finally:
            self._shared.leave()

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Trailer]:
        stream = self._shared.enter()
        try:
            if stream is not None and len(request) <= REQUEST_BYTES:
                call = stream.call(self._path, request, timeout_s)
                if call is not None:
                    return call.result(), call.trailer
            return self._alone.with_trailer(request, timeout_s)
        finally:
            self._shared.leave()

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        def over(ended: Ended) -> None:
            self._shared.leave()
            done(ended)

        stream = self._shared.enter()
        try:
            carried = (
                stream is not None
                and len(request) <= REQUEST_BYTES
                and stream.start(self._path, request, timeout_s, over)
            )
            if not carried:
                self._alone.start(request, timeout_s, over)
        except BaseException:
            self._shared.leave()
            raise
