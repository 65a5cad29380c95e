"""Makes calls over a gRPC channel; grpc_streams.py makes those with streams."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc

from viewra.transport.calls import CallFailed, Ended, Failure, Method, Streaming, Trailer
from viewra.transport.grpc_failures import failed, trailer_of
from viewra.transport.grpc_streams import GrpcStreaming


class GrpcWire:
    """A channel that caches its callables: making one takes as much time as the Python code of a call."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._methods: dict[str, _GrpcMethod] = {}
        self._streamings: dict[str, GrpcStreaming] = {}
        self._lock = threading.Lock()
        self._refuses = False

    def method(self, path: str) -> Method:
        """The procedure at this path; raises CallFailed after ``refuse``."""
        found = self._methods.get(path)
        if found is not None:
            return found
        # Registered as generated code does it, to save a look-up in each call; a closed channel would crash Python.
        with self._lock:
            if self._refuses:
                raise CallFailed(Failure.LOST, "the channel is closed")
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            call = self._channel.unary_unary(path, _registered_method=True)  # type: ignore[call-arg]
            made = self._methods[path] = _GrpcMethod(call)
            return made

    def streaming(self, path: str) -> Streaming:
        """The procedure with streams at this path; raises CallFailed after ``refuse``."""
        found = self._streamings.get(path)
        if found is not None:
            return found
        with self._lock:
            if self._refuses:
                raise CallFailed(Failure.LOST, "the channel is closed")
            made = self._streamings[path] = GrpcStreaming(self._channel, path)
            return made

    def refuse(self) -> None:
        """Make no more callables: to be called before the channel is closed."""
        with self._lock:
            self._refuses = True


class _GrpcMethod:
    __slots__ = ("_call",)

    def __init__(self, call: grpc.UnaryUnaryMultiCallable[bytes, bytes]) -> None:
        self._call = call

    def __call__(self, request: bytes, timeout_s: float) -> bytes:
        due = time.monotonic() + timeout_s
        try:
            return self._call(request, timeout_s)
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed meanwhile
            raise failed(error, due) from error

    def with_trailer(self, request: bytes, timeout_s: float) -> tuple[bytes, Trailer]:
        due = time.monotonic() + timeout_s
        try:
            data, call = self._call.with_call(request, timeout_s)
        except (grpc.RpcError, ValueError) as error:
            raise failed(error, due) from error
        return data, partial(trailer_of, call)

    def start(self, request: bytes, timeout_s: float, done: Callable[[Ended], None]) -> None:
        due = time.monotonic() + timeout_s
        try:
            pending = self._call.future(request, timeout_s)
        except (grpc.RpcError, ValueError) as error:
            raise failed(error) from error
        pending.add_done_callback(lambda call: done(_Ended(call, due)))


class _Ended:
    __slots__ = ("_call", "_due")

    def __init__(self, call: Any, due: float) -> None:
        self._call = call
        self._due = due

    def result(self) -> bytes:
        try:
            data: bytes = self._call.result()
        except (grpc.RpcError, grpc.FutureCancelledError, ValueError) as error:
            raise failed(error, self._due) from error
        return data

    def trailer(self, name: str) -> bytes | None:
        return trailer_of(self._call, name)
