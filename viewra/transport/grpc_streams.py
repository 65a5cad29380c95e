"""Calls with streams over a gRPC channel: at most two messages wait on this side, the rest with the sender."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc

from viewra.transport.calls import CallFailed, Failure, Source, Stream
from viewra.transport.grpc_failures import failed, trailer_of
from viewra.transport.handoff import Handoff, HandoffClosed


class GrpcStreaming:
    """A procedure with streams. To be made before its channel is closed."""

    def __init__(self, channel: grpc.Channel, path: str) -> None:
        # Registered as generated code does it; on the wire both are the same procedure.
        both: Any = channel.stream_stream
        single: Any = channel.unary_stream
        self._both = both(path, _registered_method=True)
        self._single = single(path, _registered_method=True)  # needs no thread of its own to send

    def open(self, timeout_s: float | None, only: bytes | None = None, source: Source | None = None) -> Stream:
        """Begin a call, as ``Streaming`` has it."""
        outgoing = _Outgoing()
        messages = source or outgoing
        try:
            call = self._both(messages, timeout_s) if only is None else self._single(only, timeout_s)
        except (grpc.RpcError, ValueError, RuntimeError) as error:  # a closed channel; no more threads
            messages.close()
            raise failed(error) from error
        if source is not None:
            _when_over(call, source.close)
        if only is not None:
            outgoing.close()
        return _GrpcStream(call, outgoing)


class _GrpcStream:
    def __init__(self, call: Any, outgoing: _Outgoing) -> None:
        self._call = call
        self._outgoing = outgoing
        self.when_over(outgoing.close)  # or gRPC's sending thread would wait for messages forever

    def send(self, message: bytes, timeout_s: float) -> None:
        try:
            sent = self._outgoing.put(message, timeout_s)
        except HandoffClosed as error:
            raise CallFailed(Failure.LOST, "the call is over") from error
        if not sent:
            raise CallFailed(Failure.LATE, f"the other side did not read for {timeout_s:g} s")

    def finish(self) -> None:
        self._outgoing.close()

    def receive(self) -> bytes | None:
        try:
            message: bytes = next(self._call)
        except StopIteration:
            return None
        except (grpc.RpcError, grpc.FutureCancelledError, ValueError) as error:
            raise failed(error) from error
        return message

    def cancel(self) -> None:
        self._call.cancel()

    def when_over(self, done: Callable[[], None]) -> None:
        _when_over(self._call, done)

    def trailer(self, name: str) -> bytes | None:
        return trailer_of(self._call, name)


def _when_over(call: Any, done: Callable[[], None]) -> None:
    if not call.add_callback(done):
        done()


class _Outgoing(Handoff[bytes], Iterator[bytes]):
    """The messages for gRPC's sending thread, which takes one when the one before it has left."""

    def __next__(self) -> bytes:
        try:
            return self.take()
        except HandoffClosed:
            raise StopIteration from None
