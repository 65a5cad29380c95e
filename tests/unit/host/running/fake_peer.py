"""A connection to a fake process: calls, health checks and answers without gRPC."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import Any, cast

from viewra.adapters import Called, Caller, Connection
from viewra.errors import PluginTimeout
from viewra.transport.broker import Broker
from viewra.transport.endpoint import Place
from viewra.types import Health, PluginInfo

from .fake_clock import FakeClock
from .fake_process import FakeProcess


class FakeConnection:
    """As much of a connection as pools and runs know, on the fake clock."""

    streaming = None

    def __init__(self, clock: FakeClock) -> None:
        self.in_flight = self.most = 0
        self.refused = False
        self._clock = clock
        self._free = threading.Event()
        self._used = clock.now()

    def enter(self) -> FakeConnection:
        assert not self.refused, "a call enters a run that is gone"
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        self._free.clear()
        return self

    def leave(self) -> None:
        self.in_flight -= 1
        self._used = self._clock.now()
        if not self.in_flight:
            self._free.set()

    @property
    def idle_s(self) -> float:
        return 0.0 if self.in_flight else self._clock.now() - self._used

    def drained(self, timeout_s: float, streams_s: float = 0.0) -> bool:
        if self.in_flight:
            self._clock.wait(self._free, timeout_s)
        return not self.in_flight

    def hurry(self) -> None:
        self._free.set()

    def refuse(self) -> None:
        self.refused = True


class FakeCalls:
    """How the host calls a fake process."""

    def __init__(self, process: FakeProcess, called: Called, clock: FakeClock) -> None:
        self.plugin_id = called.plugin_id
        self.database_url = called.database_url
        self._process = process
        self._called = called
        self._clock = clock

    def call(self, rpc: Any, /, *args: object) -> Any:
        process, behaviour, method = self._process, self._process.behaviour, rpc.method
        process.calls.append(method)
        process.given[method].extend(args[:1])
        seconds, deadline_s = behaviour.takes.get(method, 0.0), self._called.deadline_s(method)
        if seconds:
            self._clock.wait(process.over, min(seconds, deadline_s))
        what = behaviour.fails.get(method)
        if what == "die":
            process.die()
        elif isinstance(what, BaseException):
            raise what
        if process.ended:
            raise self._called.loss(method)
        if seconds > deadline_s:
            raise PluginTimeout(self.plugin_id, f"did not answer within {deadline_s:g} s", call=method)
        if method in {"migrate", "rollback"}:
            behaviour.move(method)
        answers = {
            "info": PluginInfo("p"),
            "health": Health(not behaviour.unwell, behaviour.unwell),
            "describe": behaviour.described(),
        }
        return answers.get(method)

    def serves(self, rpc: Any) -> bool:
        return self._called.serves(rpc.wire_service)

    def start(self, rpc: Any, /, *args: object) -> Future[Any]:
        future: Future[Any] = Future()
        if rpc.method == "health" and self._process.behaviour.silent:
            return future

        def answer() -> None:
            try:
                future.set_result(self.call(rpc, *args))
            except Exception as error:
                future.set_exception(error)

        if rpc.method == "quiesce":  # the only one that is not waited for in a future
            self._clock.start("call", answer)
        else:
            answer()
        return future


class FakePeer:
    """The host's end of a connection to a fake process."""

    def __init__(self, process: FakeProcess, clock: FakeClock) -> None:
        self.process = process
        self.closed = False
        self.followed = False
        self.multiplexed: tuple[str, int] | None = None
        self._clock = clock

    def connection(self) -> Connection:
        return cast("Connection", FakeConnection(self._clock))

    def multiplex(self, plugin_id: str, response_bytes: int) -> None:
        self.multiplexed = (plugin_id, response_bytes)

    def calls(self, called: Called) -> Caller:
        return cast("Caller", FakeCalls(self.process, called, self._clock))

    def ask_services(self, timeout_s: float) -> Callable[[], Collection[str] | None]:
        def names() -> Collection[str] | None:
            self.process.step("services", timeout_s)
            return self.process.behaviour.services

        return names

    def wait_ready(self, timeout_s: float) -> None:
        self.process.step("connect", timeout_s)

    def check(self, timeout_s: float, done: Callable[[str], object]) -> None:
        behaviour = self.process.behaviour
        if behaviour.takes.get("check", 0.0) > 1e6:  # its answer never comes, and no deadline ends it
            return
        if behaviour.silent:
            self._clock.start("check", lambda: done(f"no answer within {timeout_s:g} s"), timeout_s)
        else:
            done("")

    def follow(self, feed: Callable[[Any, bytes], None]) -> FakePeer:
        self.followed = True
        return self

    def broker(self, place: Place) -> Broker:
        raise NotImplementedError("no fake process dials its host")

    def shut_down(self, timeout_s: float) -> None:
        if not self.process.behaviour.deaf:
            self.process.die(0)

    def close(self) -> None:
        self.closed = True
