"""``plugin.GRPCStdio``: the stream of a plugin's output after its handshake line; the host opens it once.

A Go plugin sends ``os.Stdout`` and ``os.Stderr`` here, not to its pipes. A Python plugin writes to the stream while a
host follows it, else to the pipe: a Go host discards whatever comes through the pipe of stdout.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import grpc
from google.protobuf import empty_pb2

from viewra.pb import grpc_stdio_pb2
from viewra.transport.channel import told
from viewra.transport.threads import ThreadEach, ended

Stream = Literal["stdout", "stderr"]

_log = logging.getLogger(__name__)
_METHOD = "/plugin.GRPCStdio/StreamStdio"
_CHUNK = 1024  # bytes in a message, as in go-plugin
_WAITING = 1024  # messages queued for a slow host; further output goes to the pipe
_NAMES: dict[int, Stream] = {grpc_stdio_pb2.StdioData.STDOUT: "stdout", grpc_stdio_pb2.StdioData.STDERR: "stderr"}
_OVER = frozenset({grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class StdioFollower:
    """The host's side: a thread that passes the plugin's output to ``on_data`` until the stream ends.

    A plugin without this service is not an error: its output is in its pipes.
    """

    def __init__(self, channel: grpc.Channel, on_data: Callable[[Stream, bytes], None]) -> None:
        self._on_data = on_data
        call = channel.unary_stream(
            _METHOD,
            request_serializer=empty_pb2.Empty.SerializeToString,
            response_deserializer=grpc_stdio_pb2.StdioData.FromString,
        )
        self._stream = call(empty_pb2.Empty())
        self._thread = threading.Thread(target=self._follow, name="stdio", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the stream and the thread."""
        self._stream.cancel()
        ended(self._thread)

    def _follow(self) -> None:
        try:
            for message in self._stream:
                stream = _NAMES.get(message.channel)
                if stream is not None:
                    self._on_data(stream, message.data)
        except grpc.RpcError as error:
            if error.code() not in _OVER:
                _log.warning("a plugin's output stream broke: %s", told(error))
        except Exception:
            _log.exception("a plugin's output stream cannot be read")


class StdioService:
    """The plugin's side. ``writer`` returns files to print to; ``close`` ends the stream when the plugin ends."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[grpc_stdio_pb2.StdioData | _End] = queue.SimpleQueue()
        self._closing = _End()
        self._followed = threading.Event()
        self._one = threading.Lock()  # only one host at a time receives the queued messages

    def add_to(self, server: grpc.Server) -> None:
        """Add the service to a server that has not been started."""

        def stream(_request: object, context: grpc.ServicerContext) -> Iterator[grpc_stdio_pb2.StdioData]:
            return self._stream(context)

        stream.experimental_thread_pool = ThreadEach("stdio")  # type: ignore[attr-defined]
        handler = grpc.unary_stream_rpc_method_handler(
            stream, empty_pb2.Empty.FromString, grpc_stdio_pb2.StdioData.SerializeToString
        )
        server.add_generic_rpc_handlers([_Arrival(handler, self._followed.set)])

    def writer(self, stream: Stream, pipe: int) -> io.TextIOWrapper:
        """A text file, flushed at each line, that writes to the host's stream if open, else to the descriptor ``pipe``.

        Closing the file leaves ``pipe`` open.
        """
        return io.TextIOWrapper(
            io.BufferedWriter(_Sink(self, stream, pipe)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )

    def offer(self, stream: Stream, data: bytes) -> bool:
        """Queue data for the host; False without a host or with a full queue: the caller then writes to the pipe."""
        if not self._followed.is_set() or self._waiting.qsize() + len(data) // _CHUNK >= _WAITING:
            return False
        channel = grpc_stdio_pb2.StdioData.STDOUT if stream == "stdout" else grpc_stdio_pb2.StdioData.STDERR
        for start in range(0, len(data), _CHUNK):
            self._waiting.put(grpc_stdio_pb2.StdioData(channel=channel, data=data[start : start + _CHUNK]))
        return True

    def close(self) -> None:
        """Send the queued messages and end the stream. Call it before the server is stopped."""
        self._followed.clear()
        self._waiting.put(self._closing)

    def _stream(self, context: grpc.ServicerContext) -> Iterator[grpc_stdio_pb2.StdioData]:
        gone = _End()
        with self._one:
            try:
                alive = context.add_callback(lambda: self._waiting.put(gone))
                while alive and (message := self._waiting.get()) is not gone:
                    if message is self._closing:
                        self._waiting.put(message)  # for a host that follows later
                        return
                    # The end mark of an earlier host may still be in the queue; it does not end this host's stream.
                    if not isinstance(message, _End):
                        yield message
            finally:
                self._followed.clear()


class _Arrival(grpc.GenericRpcHandler):
    """Notes the host's call at its arrival, so that output of the next call already goes to the stream."""

    def __init__(self, handler: grpc.RpcMethodHandler[Any, Any], arrived: Callable[[], None]) -> None:
        self._handler = handler
        self._arrived = arrived

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        if handler_call_details.method != _METHOD:
            return None
        self._arrived()
        return self._handler


class _End:
    """A mark in the queue that ends the stream."""


class _Sink(io.RawIOBase):
    def __init__(self, service: StdioService, stream: Stream, pipe: int) -> None:
        self._service = service
        self._stream = stream
        self._pipe = pipe

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._pipe

    def write(self, data: Any, /) -> int:
        taken = bytes(data)
        if not self._service.offer(self._stream, taken):
            return os.write(self._pipe, taken)
        return len(taken)
