"""A plugin's output: streamed to a host, or left to the pipe."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.unit.transport.conftest import Serve
from viewra.pb import grpc_stdio_pb2
from viewra.transport.handshake import Handshake
from viewra.transport.stdio import StdioFollower, StdioService


class Heard:
    def __init__(self) -> None:
        self.data = {"stdout": b"", "stderr": b""}
        self._changed = threading.Condition()

    def __call__(self, stream: str, data: bytes) -> None:
        with self._changed:
            self.data[stream] += data
            self._changed.notify_all()

    def wait(self, stream: str, data: bytes) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.data[stream] == data, 30), self.data[stream][-100:]


@pytest.fixture
def service() -> Iterator[StdioService]:
    service = StdioService()
    yield service
    service.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def follow(
    handshake: Handshake, connect: Callable[..., grpc.Channel], service: StdioService, heard: Heard
) -> StdioFollower:
    follower = StdioFollower(connect(handshake), heard)
    assert service._followed.wait(60)
    return follower


def test_lines_reach_the_host_that_follows(
    serve: Serve, connect: Callable[..., grpc.Channel], service: StdioService, pipe: tuple[int, int]
) -> None:
    heard = Heard()
    follower = follow(serve(service.add_to), connect, service, heard)
    with service.writer("stdout", pipe[1]) as out, service.writer("stderr", pipe[1]) as err:
        print("hello", file=out)
        print("h\udcffrm", file=err)
        heard.wait("stdout", b"hello\n")
        heard.wait("stderr", b"h\\udcffrm\n")
    follower.close()


def test_without_a_host_the_pipe_takes_it(
    serve: Serve, connect: Callable[..., grpc.Channel], service: StdioService, pipe: tuple[int, int]
) -> None:
    out = service.writer("stdout", pipe[1])
    print("before", file=out)
    assert os.read(pipe[0], 100) == b"before\n"
    heard = Heard()
    handshake = serve(service.add_to)
    follower = follow(handshake, connect, service, heard)
    print("to the stream", file=out)
    heard.wait("stdout", b"to the stream\n")
    follower.close()
    with service._one:  # the stream's end has reached the plugin
        assert not service._followed.is_set()
    print("after", file=out)
    assert os.read(pipe[0], 100) == b"after\n"
    follower = follow(handshake, connect, service, heard)
    follower.close()


def test_long_writes_come_in_small_pieces_and_whole(
    serve: Serve, connect: Callable[..., grpc.Channel], service: StdioService, pipe: tuple[int, int]
) -> None:
    heard = Heard()
    follower = follow(serve(service.add_to), connect, service, heard)
    data = os.urandom(100_000)
    assert service.offer("stdout", data)
    heard.wait("stdout", data)
    follower.close()


def test_a_host_too_slow_leaves_the_rest_to_the_pipe(service: StdioService) -> None:
    service._followed.set()
    assert service.offer("stdout", b"x" * 1024 * 1000)
    assert not service.offer("stdout", b"x" * 1024 * 100)


def test_closing_ends_the_stream_after_what_is_queued(
    serve: Serve, connect: Callable[..., grpc.Channel], service: StdioService
) -> None:
    heard = Heard()
    follower = follow(serve(service.add_to), connect, service, heard)
    service.offer("stderr", b"last words")
    service.close()
    follower._thread.join(60)
    assert heard.data["stderr"] == b"last words"
    follower.close()


def test_a_plugin_without_the_service_is_no_error(
    serve: Serve, connect: Callable[..., grpc.Channel], caplog: pytest.LogCaptureFixture
) -> None:
    follower = StdioFollower(connect(serve()), Heard())
    follower._thread.join(60)
    follower.close()
    assert caplog.records == []


def test_a_stream_that_breaks_is_logged(
    serve: Serve, connect: Callable[..., grpc.Channel], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: object, context: grpc.ServicerContext) -> Iterator[grpc_stdio_pb2.StdioData]:
        yield grpc_stdio_pb2.StdioData(channel=7, data=b"unknown channel")  # type: ignore[arg-type]  # there is none
        yield grpc_stdio_pb2.StdioData(channel=grpc_stdio_pb2.StdioData.STDERR, data=b"known")
        context.abort(grpc.StatusCode.INTERNAL, "pipe burst")

    handler: grpc.RpcMethodHandler[object, grpc_stdio_pb2.StdioData] = grpc.unary_stream_rpc_method_handler(
        broken, response_serializer=grpc_stdio_pb2.StdioData.SerializeToString
    )
    handlers = grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": handler})
    heard = Heard()
    follower = StdioFollower(connect(serve(lambda server: server.add_generic_rpc_handlers([handlers]))), heard)
    follower._thread.join(60)
    assert heard.data == {"stdout": b"", "stderr": b"known"}
    assert "pipe burst" in caplog.text
    follower.close()


def test_the_stream_needs_none_of_the_threads_that_answer_calls(
    serve: Serve, connect: Callable[..., grpc.Channel], service: StdioService
) -> None:
    before = set(threading.enumerate())  # those of earlier tests may end meanwhile
    follow(serve(service.add_to), connect, service, Heard()).close()
    with service._one:
        made = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not [name for name in made if name.startswith("ThreadPoolExecutor")]
