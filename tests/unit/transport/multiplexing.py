"""A server and a wire for calls that share a stream: the plugin's end as it is, or a hostile one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc

from viewra.pb import viewra_pb2 as pb
from viewra.transport.calls import CallFailed, Ended
from viewra.transport.endpoint import Place, dial, listen
from viewra.transport.multiplexed import MultiplexedWire
from viewra.transport.multiplexer import Multiplexer
from viewra.transport.threads import Workers

Behaviour = Callable[[bytes, Any], bytes]
Carry = Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]
Handlers = dict[str, "grpc.RpcMethodHandler[bytes, bytes]"]
LIMIT = 1024 * 1024


class Rig:
    """A server with ``behaviours``, and the wire to it. ``Wait`` holds a call until ``go`` is set.

    ``carried`` and ``alone`` count the calls that came on a stream and those that did not; ``carry`` is a hostile
    plugin's end of the stream.
    """

    def __init__(self, place: Path, behaviours: dict[str, Behaviour], carry: Carry | None = None) -> None:
        self.go, self.waiting = threading.Event(), threading.Semaphore(0)
        self.carried = self.alone = 0
        self.pool = Workers(8, "call")
        self.server = grpc.server(self.pool, options=[("grpc.max_receive_message_length", -1)])
        methods = {name: self._counted(one) for name, one in {"Wait": self._wait, **behaviours}.items()}
        self.multiplexer = Multiplexer({f"/t/{name}": one for name, one in methods.items()}, self.pool)
        if carry is None:
            self.multiplexer.add_to(self.server)
        else:
            handler: Handlers = {"Carry": grpc.stream_stream_rpc_method_handler(carry)}
            self.server.add_registered_method_handlers("viewra.v1.Multiplexer", handler)
        handlers: Handlers = {name: grpc.unary_unary_rpc_method_handler(one) for name, one in methods.items()}
        self.server.add_registered_method_handlers("t", handlers)
        self._listener = listen(self.server, Place(place))
        self.server.start()
        self.peer = dial(self._listener, max_message_bytes=LIMIT)
        self.wire = MultiplexedWire(self.peer.wire)
        self.wire.multiplex("p", LIMIT)
        self._callers = ThreadPoolExecutor(16)

    def _counted(self, behave: Behaviour) -> Behaviour:
        def counted(data: bytes, context: Any) -> bytes:
            if isinstance(context, grpc.ServicerContext):
                self.alone += 1
            else:
                self.carried += 1
            return behave(data, context)

        return counted

    def _wait(self, data: bytes, context: Any) -> bytes:
        self.waiting.release()
        assert self.go.wait(20)
        return data

    def ask(self, name: str, data: bytes = b"x", timeout_s: float = 20.0) -> bytes:
        """Call and wait."""
        return self.wire.method(f"/t/{name}").with_trailer(data, timeout_s)[0]

    def start(self, name: str, data: bytes = b"x", timeout_s: float = 20.0) -> bytes:
        """Start a call, and wait for its end."""
        over, calls = threading.Event(), list[Ended]()

        def done(ended: Ended) -> None:
            calls.append(ended)
            over.set()

        self.wire.method(f"/t/{name}").start(data, timeout_s, done)
        assert over.wait(20)
        return calls[0].result()

    def hold(self) -> Callable[[], bytes]:
        """Make a call that is in flight until ``go`` is set; the returned function waits for its answer."""
        future = self._callers.submit(self.ask, "Wait")
        assert self.waiting.acquire(timeout=60)
        return lambda: future.result(60)

    def together(self, work: Callable[[int], bytes], calls: int) -> list[bytes]:
        """The answers of as many calls, made by 16 threads."""
        return list(self._callers.map(work, range(calls)))

    def close(self) -> None:
        self.go.set()
        self.peer.close()
        self.server.stop(0).wait(60)
        self.pool.shutdown()
        self._callers.shutdown()
        self._listener.close()


class NoStream:
    """A stream that is over at once, or whose answers the test gives."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = SimpleQueue[bytes | None]()
        for one in answers:
            self.answers.put(one)

    def open(self, timeout_s: float | None, only: bytes | None = None, source: Any = None) -> Any:
        return self

    def receive(self) -> bytes | None:
        return self.answers.get(timeout=60)

    def cancel(self) -> None:
        self.answers.put(None)


def failure_of(ask: Callable[[], bytes]) -> CallFailed:
    """The failure with which a call ends."""
    try:
        ask()
    except CallFailed as error:
        return error
    raise AssertionError("it was answered")


def answers(*items: pb.Answer) -> bytes:
    """A message of these answers."""
    return pb.Answers(answers=items).SerializeToString()


def calls_in(message: bytes) -> list[pb.Call]:
    """The calls in a message."""
    return list(pb.Calls.FromString(message).calls)


Make = Callable[..., Rig]
WAYS = (Rig.ask, Rig.start)
