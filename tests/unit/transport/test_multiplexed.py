"""Calls in flight together share a stream, and each is as it would be alone: answer, error, deadline, sizes, end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc
import pytest

from tests.eventually import eventually
from tests.unit.transport.multiplexing import LIMIT, WAYS, Behaviour, Make, failure_of
from viewra.transport import call_stream
from viewra.transport.calls import Failure


@pytest.mark.parametrize("way", WAYS)
def test_a_call_beside_another_is_carried_and_one_alone_is_not(make: Make, way: Callable[..., bytes]) -> None:
    rig = make()
    assert way(rig, "Echo", b"1") == b"1"
    assert (rig.alone, rig.carried) == (1, 0)
    held = rig.hold()
    assert (way(rig, "Echo", b"2"), way(rig, "Echo", b"3")) == (b"2", b"3")
    assert (rig.alone, rig.carried) == (2, 2)
    rig.go.set()
    assert held() == b"x"
    assert way(rig, "Echo", b"4") == b"4"
    assert (rig.alone, rig.carried) == (3, 2)


def test_a_call_without_the_trailer_is_carried_too(make: Make) -> None:
    rig = make()
    rig.hold()
    assert rig.wire.method("/t/Echo")(b"y", 20) == b"y"
    assert rig.carried == 1


def test_each_of_many_threads_gets_the_answers_to_its_own_calls(make: Make) -> None:
    rig = make()
    rig.hold()
    answers = rig.together(lambda number: (rig.ask, rig.start)[number % 2]("Echo", b"%d" % number), 300)
    assert answers == [b"%d" % number for number in range(300)]
    assert rig.carried == 300


def fail(code: grpc.StatusCode) -> Behaviour:
    def behave(data: bytes, context: Any) -> bytes:
        context.set_code(code)
        context.set_details("no é")
        context.set_trailing_metadata((("x-bin", b"\xff"),))
        return b""

    return behave


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE])
def test_an_error_is_that_of_a_call_alone(make: Make, way: Callable[..., bytes], code: grpc.StatusCode) -> None:
    rig = make(Fail=fail(code))
    alone = failure_of(lambda: way(rig, "Fail"))
    rig.hold()
    carried = failure_of(lambda: way(rig, "Fail"))
    assert rig.carried == 1
    for error in (alone, carried):
        assert (error.failure, error.text, error.trailer("x-bin")) == (alone.failure, "no é", b"\xff")


def test_a_procedure_that_nobody_serves_is_missing(make: Make) -> None:
    rig = make()
    alone = failure_of(lambda: rig.ask("Nothing"))
    rig.hold()
    assert (alone.failure, failure_of(lambda: rig.ask("Nothing")).failure) == (Failure.MISSING,) * 2


def test_an_exception_of_our_own_fails_its_call_alone(make: Make) -> None:
    def behave(data: bytes, context: Any) -> bytes:
        raise SystemExit

    rig = make(Break=behave)
    rig.hold()
    assert failure_of(lambda: rig.ask("Break")).failure is Failure.REPORTED
    assert rig.ask("Echo") == b"x"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("over", [0, 1])
def test_a_large_answer_comes_in_parts_and_a_too_large_one_fails(
    make: Make, way: Callable[..., bytes], over: int
) -> None:
    answer = bytes(range(256)) * (LIMIT // 256) + b"!" * over
    rig = make(Much=lambda _, __: answer)
    rig.hold()
    if over:
        assert failure_of(lambda: way(rig, "Much")).failure is Failure.TOO_LARGE
    else:
        assert way(rig, "Much") == answer
    assert way(rig, "Echo") == b"x"
    assert rig.carried == 2


def test_a_large_request_goes_alone(make: Make) -> None:
    rig = make()
    rig.hold()
    assert len(rig.ask("Echo", bytes(100_000))) == 100_000
    assert (rig.carried, rig.alone) == (0, 2)


@pytest.mark.parametrize("way", WAYS)
def test_a_call_ends_at_its_deadline_and_its_answer_afterwards_harms_none(
    make: Make, way: Callable[..., bytes]
) -> None:
    told = list[str]()

    def slow(data: bytes, context: Any) -> bytes:
        told.append("begun")
        assert rig.go.wait(20)
        eventually(lambda: not context.is_active())  # by the plugin's clock, which the call reached later
        told.append("too late")
        return data

    rig = make(Slow=slow)
    held = rig.hold()
    timeout_s = 0.05
    while not told:  # on a busy machine it may not even begin in time
        timeout_s *= 2
        began = time.monotonic()
        assert failure_of(partial(way, rig, "Slow", timeout_s=timeout_s)).failure is Failure.LATE
        assert time.monotonic() - began >= timeout_s
    rig.go.set()
    assert held() == b"x"
    eventually(lambda: told[-1] == "too late")
    rig.go.clear()
    rig.hold()
    carried = rig.carried
    assert way(rig, "Echo", b"after") == b"after"
    assert rig.carried == carried + 1


def test_a_call_that_cannot_begin_in_time_never_begins(make: Make) -> None:
    rig = make()
    for _ in range(8):  # all threads of the plugin
        rig.hold()
    assert failure_of(lambda: rig.ask("Echo", timeout_s=0.05)).failure is Failure.LATE
    eventually(lambda: sum(one._in_flight for one in rig.multiplexer._streams) == rig.carried + 1, "it came")
    too_late = time.monotonic() + 0.05  # by the plugin's clock, which the call may have reached only now
    eventually(lambda: time.monotonic() > too_late)
    rig.go.set()
    assert rig.ask("Echo", b"next") == b"next"
    assert rig.carried + rig.alone == 9


def test_a_plugin_that_answers_none_loses_the_stream(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_stream, "MOST_UNANSWERED", 2)
    rig = make()
    held = rig.hold()
    for _ in range(12):  # more than the plugin has threads: the last ones never begin
        assert failure_of(lambda: rig.ask("Wait", timeout_s=0.02)).failure is Failure.LATE
    rig.go.set()
    assert held() == b"x"
    rig.go.clear()
    while rig.waiting.acquire(blocking=False):
        pass
    rig.hold()
    alone, carried = rig.alone, rig.carried
    assert rig.ask("Echo") == b"x"
    assert (rig.alone, rig.carried) == (alone + 1, carried)


def test_a_closed_connection_ends_the_calls_and_the_threads(make: Make) -> None:
    rig = make()
    rig.hold()
    failures = list[Failure]()
    waiting = [
        threading.Thread(target=lambda way=way: failures.append(failure_of(lambda: way(rig, "Wait")).failure))
        for way in WAYS
    ]
    for thread in waiting:
        thread.start()
        assert rig.waiting.acquire(timeout=60)
    rig.peer.close()
    for thread in waiting:
        thread.join(60)
    assert failures == [Failure.LOST] * 2
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "calls-p"])


def test_a_server_that_closes_answers_the_calls_in_flight(make: Make) -> None:
    rig = make()
    rig.hold()
    answers = list[bytes]()
    carried = threading.Thread(target=lambda: answers.append(rig.ask("Wait", b"carried")))
    carried.start()
    assert rig.waiting.acquire(timeout=60)
    rig.multiplexer.close()
    rig.go.set()
    carried.join(60)
    assert answers == [b"carried"]
    assert rig.server.stop(10).wait(60), "it waits for a stream"


def test_a_host_with_small_limits_does_without_the_stream(make: Make) -> None:
    rig = make()
    wire = type(rig.wire)(rig.peer.wire)
    wire.multiplex("p", 1000)
    rig.wire = wire
    rig.hold()
    assert rig.ask("Echo") == b"x"
    assert rig.carried == 0
