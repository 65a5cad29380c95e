"""Which run serves, and the state: changed in one step, told in order."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import grpc

from viewra.adapters import Connection
from viewra.host.running.run import Run
from viewra.host.running.slot import Slot
from viewra.transport.grpc_calls import GrpcWire
from viewra.types import PluginState

R, S, D, C, B = (
    PluginState.RUNNING,
    PluginState.STARTING,
    PluginState.DRAINING,
    PluginState.CRASHED,
    PluginState.BACKOFF,
)


class FakeRun:
    """As much of a run as a slot knows."""

    def __init__(self) -> None:
        self.connection = Connection(GrpcWire(grpc.insecure_channel("unix:/nowhere")))


def run() -> Run:
    return cast("Run", FakeRun())


class Told(list[tuple[PluginState, PluginState, str]]):
    def __call__(self, _plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        self.append((old, new, reason))


def slot() -> tuple[Slot, Told]:
    told = Told()
    return Slot("p", told, PluginState.READY), told


def test_a_change_is_told_once_with_its_reason_and_none_where_nothing_changed() -> None:
    one, told = slot()
    assert one.become(S, "because")
    assert one.become(S, "for another reason")
    assert one.reason == "for another reason"
    assert not one.become(R, only_from={PluginState.READY})
    assert told == [(PluginState.READY, S, "because")]


def test_serving_gives_the_run_before_and_is_told_although_it_ran_already() -> None:
    one, told = slot()
    first, second = run(), run()
    assert one.serve(first) is None
    assert one.serve(second, "reloaded") is first
    assert one.run is second
    assert told == [(PluginState.READY, R, ""), (R, R, "reloaded")]


def test_only_the_run_that_is_meant_is_taken_and_only_once() -> None:
    one, told = slot()
    first, second = run(), run()
    one.serve(first)
    one.serve(second)
    told.clear()
    assert one.take(C, "died", run=first) is None
    assert (one.state, one.run, told) == (R, second, [])
    assert one.take(C, "died", run=second) is second
    assert one.take(C, "died", run=second) is None
    assert one.take(D) is None
    assert (one.state, one.run, one.enter()) == (C, None, None)
    assert told == [(R, C, "died")]


def test_one_with_calls_or_a_recent_one_is_not_idle() -> None:
    one, _ = slot()
    served = run()
    one.serve(served)
    connection = one.enter()
    assert connection is served.connection
    assert one.take(D, idle_s=1e-9) is None
    connection.leave()
    assert one.take(D, idle_s=3600) is None
    deadline = time.monotonic() + 10
    while one.take(D, idle_s=1e-9) is None:
        assert time.monotonic() < deadline


def test_no_call_enters_a_run_that_was_taken_as_idle() -> None:
    """Callers, and one who ends idle runs, at the same time: on a run that was taken, no call begins any more."""
    one, _ = slot()
    over = threading.Event()
    entered = [0]

    def call() -> None:
        while not over.is_set():
            connection = one.enter()
            if connection is not None:
                entered[0] += 1
                connection.leave()

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    taken: list[tuple[Connection, float]] = []
    deadline = time.monotonic() + 20
    try:
        while len(taken) < 100:
            assert time.monotonic() < deadline
            before, fresh = entered[0], run()
            one.serve(fresh)
            while time.monotonic() < deadline and (entered[0] == before or one.take(D, idle_s=1e-9) is None):
                pass
            taken.append((fresh.connection, fresh.connection._last_used))
    finally:
        over.set()
        for caller in callers:
            caller.join(10)
        sys.setswitchinterval(often)
    assert [1 for connection, used in taken if connection._last_used != used or not connection.drained(0)] == []


def test_of_those_who_take_it_at_the_same_time_one_gets_it() -> None:
    one, _ = slot()
    for _ in range(100):
        served = run()
        one.serve(served)
        together = threading.Barrier(8)
        got: list[object] = []

        def take(served: Run = served, together: threading.Barrier = together, got: list[object] = got) -> None:
            together.wait(10)
            if one.take(C, run=served) is not None:
                got.append(1)

        in_threads(take, 8)
        assert got == [1]


def test_changes_of_many_threads_are_told_in_their_order() -> None:
    one, told = slot()

    def change() -> None:
        for number in range(200):
            one.become((S, C, B, D)[number % 4], str(number))
            if number % 3 == 0:
                one.serve(run())
            if number % 5 == 0:
                one.take(D)

    in_threads(change, 8)
    assert len(told) > 500
    assert told[0][0] is PluginState.READY
    assert all(before[1] is after[0] for before, after in pairwise(told))  # each begins where the one before ended
    assert told[-1][1] is one.state


def in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
