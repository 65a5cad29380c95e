"""The plugin's end of the stream that carries calls which are in flight at the same time.

The functions that answer its calls are those that answer gRPC's own calls, on the same threads; call_stream.py is the
host's end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import grpc

from viewra.pb import viewra_pb2
from viewra.transport.batches import MESSAGE_BYTES, Batches
from viewra.transport.threads import ThreadEach

if TYPE_CHECKING:
    from viewra.transport.threads import Workers

SERVICE = "viewra.v1.Multiplexer"
_log = logging.getLogger(__name__)


class CallContext(Protocol):
    """As much of gRPC's ``ServicerContext`` as the functions use that answer calls."""

    def is_active(self) -> bool:
        """Whether the host still waits."""

    def set_code(self, code: grpc.StatusCode) -> None:
        """Have the call fail with this status."""

    def set_details(self, details: str) -> None:
        """Set the status's message."""

    def set_trailing_metadata(self, trailing_metadata: tuple[tuple[str, bytes], ...]) -> None:
        """Set the trailing metadata."""


Behaviour = Callable[[bytes, Any], bytes]
"""Answers a request; gets the ``CallContext``, and raises nothing."""


class Multiplexer:
    """Answers the calls of such streams by ``behaviours``, by gRPC's paths, on the threads of ``pool``."""

    def __init__(self, behaviours: Mapping[str, Behaviour], pool: Workers) -> None:
        self._behaviours = behaviours
        self._pool = pool
        self._lock = threading.Lock()
        self._streams: set[_Stream] = set()
        self._closed = False

    def add_to(self, server: grpc.Server) -> None:
        """Add the service to a server that has not been started."""

        def carry(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            return self._carry(messages, context)

        carry.experimental_thread_pool = ThreadEach("multiplexer")  # type: ignore[attr-defined]
        server.add_registered_method_handlers(SERVICE, {"Carry": grpc.stream_stream_rpc_method_handler(carry)})

    def close(self) -> None:
        """End the streams, each after its calls in flight are answered: calls that come later are not."""
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.finish()

    def _carry(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        stream = _Stream(self._behaviours, self._pool)
        with self._lock:
            self._streams.add(stream)
            if self._closed:
                stream.finish()
        if not context.add_callback(stream.end):
            stream.end()
        threading.Thread(target=stream.read, args=(messages,), name="multiplexed-calls", daemon=True).start()
        try:
            yield from stream.answers
        finally:
            stream.end()
            with self._lock:
                self._streams.discard(stream)


class _Stream:
    """One stream: its calls in flight, and the answers to send."""

    def __init__(self, behaviours: Mapping[str, Behaviour], pool: Workers) -> None:
        self.answers = Batches()
        self.over = False
        self._behaviours = behaviours
        self._pool = pool
        self._most = 0
        self._lock = threading.Lock()
        self._in_flight = 0
        self._finishing = False

    def read(self, messages: Iterator[bytes]) -> None:
        """Begin the calls that come."""
        try:
            for data in messages:
                message = viewra_pb2.Calls.FromString(data)
                self._most = message.response_bytes or self._most
                came = time.monotonic()
                for call in message.calls:
                    with self._lock:
                        if self._finishing:
                            return
                        self._in_flight += 1
                    self._pool.submit(self._answer, call, came + call.timeout_ms / 1000)
        except Exception:  # noqa: S110 - the host ended the stream, or sent what is no message: nothing more comes
            pass
        finally:
            self.finish()

    def finish(self) -> None:
        """Take no more calls, and end the stream after the answers to those in flight."""
        with self._lock:
            self._finishing = True
            waits = bool(self._in_flight)
        if not waits:
            self.answers.close()

    def end(self) -> None:
        """The host has ended the stream: nobody waits for the calls in flight."""
        self.over = True
        self.finish()
        self.answers.close()

    def _answer(self, call: viewra_pb2.Call, due: float) -> None:
        context = _Context(self, due)
        behaviour = self._behaviours.get(call.path)
        response = b""
        try:
            if not context.is_active():
                context.set_code(grpc.StatusCode.DEADLINE_EXCEEDED)
            elif behaviour is None:
                context.set_code(grpc.StatusCode.UNIMPLEMENTED)
            else:
                response = behaviour(call.request, context)
        except BaseException:  # of our own: an author's exception is an answer
            _log.exception("a call could not be answered")
            context.set_code(grpc.StatusCode.INTERNAL)
        if self._most and len(response) > self._most:
            context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
            context.set_details(f"a response of {len(response):,} bytes; the host accepts {self._most:,}")
            response = b""
        try:
            for part in _parts(call.id, response, context):
                self.answers.put(part)
        finally:
            with self._lock:
                self._in_flight -= 1
                last = self._finishing and not self._in_flight
            if last:
                self.answers.close()


class _Context:
    __slots__ = ("_due", "_stream", "details", "status", "trailers")

    def __init__(self, stream: _Stream, due: float) -> None:
        self._stream = stream
        self._due = due
        self.status = 0
        self.details = ""
        self.trailers: tuple[tuple[str, bytes], ...] = ()

    def is_active(self) -> bool:
        return not self._stream.over and time.monotonic() < self._due

    def set_code(self, code: grpc.StatusCode) -> None:
        self.status = code.value[0]

    def set_details(self, details: str) -> None:
        self.details = details.encode(
            "utf-8", "backslashreplace"
        ).decode()  # a call without its answer would wait for it

    def set_trailing_metadata(self, trailing_metadata: tuple[tuple[str, bytes], ...]) -> None:
        self.trailers = trailing_metadata


def _parts(number: int, response: bytes, context: _Context) -> Iterator[bytes]:
    """An answer as one message, or as several parts if it would be long."""
    sent = 0
    while len(response) - sent > MESSAGE_BYTES:
        piece = viewra_pb2.Answer(id=number, response=response[sent : sent + MESSAGE_BYTES], more=True)
        yield viewra_pb2.Answers(answers=(piece,)).SerializeToString()
        sent += MESSAGE_BYTES
    answer = viewra_pb2.Answer(id=number, response=response[sent:] if sent else response)
    if context.status or context.trailers:
        answer.status, answer.message = context.status, context.details
        for name, value in context.trailers:
            answer.trailers.add(name=name, value=value)
    yield viewra_pb2.Answers(answers=(answer,)).SerializeToString()
