"""``plugin.GRPCStdio``: what a plugin prints after its handshake line, as a stream that the host opens once.

A Go plugin's ``os.Stdout`` and ``os.Stderr`` end up here, not in its pipes. At our own plugin's end a writer uses the
stream while a host follows it, else the pipe: a Go host throws away what comes through the pipe of stdout.
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
_CHUNK = 1024  # bytes in a message, as go-plugin does it
_WAITING = 1024  # messages that wait for a host that reads slowly; what comes then goes to the pipe
_NAMES: dict[int, Stream] = {grpc_stdio_pb2.StdioData.STDOUT: "stdout", grpc_stdio_pb2.StdioData.STDERR: "stderr"}
_OVER = frozenset({grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class StdioFollower:
    """The host's side: a thread that hands what the plugin prints to ``on_data`` until the stream ends.

    A plugin without this service is no error: what it prints is in its pipes.
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
        """End the stream, if it has not ended by itself, and the thread."""
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
                _log.warning("a plugin's stream of output broke: %s", told(error))
        except Exception:
            _log.exception("a plugin's stream of output cannot be read")


class StdioService:
    """The plugin's side. ``writer`` gives the files to print to; ``close`` ends the stream when the plugin ends."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[grpc_stdio_pb2.StdioData | _End] = queue.SimpleQueue()
        self._closing = _End()
        self._followed = threading.Event()
        self._one = threading.Lock()  # only one host at a time is given what is queued

    def add_to(self, server: grpc.Server) -> None:
        """Serve this on a server that is not yet started."""

        def stream(_request: object, context: grpc.ServicerContext) -> Iterator[grpc_stdio_pb2.StdioData]:
            return self._stream(context)

        stream.experimental_thread_pool = ThreadEach("stdio")  # type: ignore[attr-defined]
        handler = grpc.unary_stream_rpc_method_handler(
            stream, empty_pb2.Empty.FromString, grpc_stdio_pb2.StdioData.SerializeToString
        )
        server.add_generic_rpc_handlers([_Arrival(handler, self._followed.set)])

    def writer(self, stream: Stream, pipe: int) -> io.TextIOWrapper:
        """A text file, flushed at each line: to the host's stream while there is one, else to the descriptor ``pipe``.

        The file owns nothing: closing it leaves ``pipe`` open.
        """
        return io.TextIOWrapper(
            io.BufferedWriter(_Sink(self, stream, pipe)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )

    def offer(self, stream: Stream, data: bytes) -> bool:
        """Queue data for the host; False when none follows, or too slowly: then the pipe has to take it."""
        if not self._followed.is_set() or self._waiting.qsize() + len(data) // _CHUNK >= _WAITING:
            return False
        channel = grpc_stdio_pb2.StdioData.STDOUT if stream == "stdout" else grpc_stdio_pb2.StdioData.STDERR
        for start in range(0, len(data), _CHUNK):
            self._waiting.put(grpc_stdio_pb2.StdioData(channel=channel, data=data[start : start + _CHUNK]))
        return True

    def close(self) -> None:
        """Send what is queued and end the stream; call it before the server is stopped."""
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
                    # The mark of a host that left earlier may still be in the queue: it is not this one's end.
                    if not isinstance(message, _End):
                        yield message
            finally:
                self._followed.clear()


class _Arrival(grpc.GenericRpcHandler):
    """Notes the host's call when it arrives, so that what the next call prints is in the stream already."""

    def __init__(self, handler: grpc.RpcMethodHandler[Any, Any], arrived: Callable[[], None]) -> None:
        self._handler = handler
        self._arrived = arrived

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        if handler_call_details.method != _METHOD:
            return None
        self._arrived()
        return self._handler


class _End:
    """A mark in the queue: wakes the stream up to end."""


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
