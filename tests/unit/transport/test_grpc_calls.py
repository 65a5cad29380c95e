"""Calls over a channel: gRPC's errors in neutral words, and callables of a channel that is closed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from viewra.transport.calls import CallFailed, Ended, Failure
from viewra.transport.endpoint import PeerChannel, Place, dial, listen

Behaviour = Callable[[bytes, grpc.ServicerContext], bytes]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Behaviour], PeerChannel]]:
    server = grpc.server(pool := ThreadPoolExecutor(2))
    behaviours: list[Behaviour] = []
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda data, context: behaviours[-1](data, context)
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("t", {"Do": handler})])
    peer = dial(listen(server, Place(tmp_path)))
    server.start()

    def serve(behaviour: Behaviour) -> PeerChannel:
        behaviours.append(behaviour)
        return peer

    yield serve
    peer.close()
    server.stop(0).wait(60)
    pool.shutdown()


def fail(code: grpc.StatusCode, text: str = "no") -> Behaviour:
    def behave(data: bytes, context: grpc.ServicerContext) -> bytes:
        context.set_trailing_metadata((("x-bin", b"\xff"), ("y", "z")))
        context.abort(code, text)

    return behave


def by_call(peer: PeerChannel, path: str = "/t/Do", timeout_s: float = 20) -> bytes:
    return peer.wire.method(path)(b"x", timeout_s)


def by_trailer(peer: PeerChannel, path: str = "/t/Do", timeout_s: float = 20) -> bytes:
    return peer.wire.method(path).with_trailer(b"x", timeout_s)[0]


def by_start(peer: PeerChannel, path: str = "/t/Do", timeout_s: float = 20) -> bytes:
    over = threading.Event()
    calls: list[Ended] = []

    def done(ended: Ended) -> None:
        calls.append(ended)
        over.set()

    peer.wire.method(path).start(b"x", timeout_s, done)
    assert over.wait(20)
    return calls[0].result()


each_way = pytest.mark.parametrize("call", [by_call, by_trailer, by_start])


@each_way
def test_an_answer(serve: Callable[[Behaviour], PeerChannel], call: Callable[..., bytes]) -> None:
    assert call(serve(lambda data, context: data + b"!")) == b"x!"


@each_way
@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (grpc.StatusCode.UNIMPLEMENTED, Failure.MISSING),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Failure.TOO_LARGE),
        (grpc.StatusCode.UNAVAILABLE, Failure.LOST),
        (grpc.StatusCode.INTERNAL, Failure.REPORTED),
        (grpc.StatusCode.DATA_LOSS, Failure.REPORTED),
    ],
)
def test_an_error(
    serve: Callable[[Behaviour], PeerChannel], call: Callable[..., bytes], code: grpc.StatusCode, failure: Failure
) -> None:
    with pytest.raises(CallFailed, match=r"^no$") as caught:
        call(serve(fail(code)))
    assert caught.value.failure is failure
    assert caught.value.trailer("x-bin") == b"\xff"
    assert caught.value.trailer("y") == b"z"
    assert caught.value.trailer("other") is None


@each_way
@pytest.mark.parametrize(("left_s", "failure"), [(0.03, Failure.LATE), (19.0, Failure.LOST)])
def test_a_server_that_cancels_at_the_deadline(
    serve: Callable[[Behaviour], PeerChannel], call: Callable[..., bytes], left_s: float, failure: Failure
) -> None:
    def cancel(data: bytes, context: grpc.ServicerContext) -> bytes:
        threading.Event().wait((context.time_remaining() or 0.0) - left_s)
        return fail(grpc.StatusCode.CANCELLED)(data, context)

    with pytest.raises(CallFailed) as caught:
        call(serve(cancel), timeout_s=left_s + 0.1)
    assert caught.value.failure is failure


@each_way
def test_a_deadline(serve: Callable[[Behaviour], PeerChannel], call: Callable[..., bytes]) -> None:
    go = threading.Event()

    def hang(data: bytes, context: grpc.ServicerContext) -> bytes:
        go.wait(20)
        return data

    with pytest.raises(CallFailed) as caught:
        call(serve(hang), timeout_s=0.05)
    go.set()
    assert caught.value.failure is Failure.LATE


@each_way
def test_callables_of_a_closed_channel(serve: Callable[[Behaviour], PeerChannel], call: Callable[..., bytes]) -> None:
    peer = serve(lambda data, context: data)
    assert call(peer) == b"x"
    peer.close()
    for path in ("/t/Do", "/t/Other"):  # one that was made before, and one that must not be made any more
        with pytest.raises(CallFailed) as caught:
            call(peer, path)
        assert caught.value.failure is Failure.LOST
