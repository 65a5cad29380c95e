"""The serving runs and the state: changed atomically, reported in order, and only as the table allows."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import grpc
import pytest

from tests.eventually import eventually
from viewra.adapters import Connection
from viewra.host.running.pool import Pool
from viewra.host.running.run import Run
from viewra.host.running.states import FOLLOWERS, Event, IllegalTransition
from viewra.manifest import Restart
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
    """As much of a run as a pool knows."""

    ran_s = 0.0

    def __init__(self) -> None:
        self.connection = Connection(GrpcWire(grpc.insecure_channel("unix:/nowhere")))


def run() -> Run:
    return cast("Run", FakeRun())


class Told(list[tuple[PluginState, PluginState, str]]):
    def __call__(self, _plugin_id: str, old: PluginState, new: PluginState, reason: str) -> None:
        self.append((old, new, reason))


def pool(state: PluginState = S, most: int = 10**6) -> tuple[Pool, Told]:
    told = Told()
    return Pool("p", told, state, policy=Restart(max=most)), told


def serve(one: Pool, *runs: Run, reason: str = "") -> tuple[Run, ...]:
    return one.serve(runs, Restart(max=10**6), reason)


def test_a_change_is_told_of_its_plugin() -> None:
    told: list[tuple[object, ...]] = []
    one = Pool("songs", lambda *change: told.append(change), PluginState.READY, policy=Restart())
    one.become(Event.START, S, "because")
    assert told == [("songs", PluginState.READY, S, "because")]


def test_a_change_is_told_once_with_its_reason_and_none_where_nothing_changed() -> None:
    one, told = pool(PluginState.READY)
    assert one.become(Event.START, S, "because")
    assert one.become(Event.TOLD, S, "for another reason")
    assert one.reason == "for another reason"
    assert not one.become(Event.PROVEN, R, only_from={PluginState.READY})
    assert told == [(PluginState.READY, S, "because")]


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", PluginState)
def test_what_the_table_lacks_is_refused_and_changes_nothing(state: PluginState, event: Event) -> None:
    for after in PluginState:
        one, told = pool(state)
        if after in FOLLOWERS.get((state, event), ()):
            assert one.become(event, after)
            assert one.state is after
            continue
        with pytest.raises(IllegalTransition, match=f"{after} cannot follow {state}"):
            one.become(event, after, "never")
        assert (one.state, one.reason, told) == (state, "", [])


def test_serving_gives_the_runs_before_and_is_told_although_it_ran_already() -> None:
    one, told = pool()
    first, second, third = run(), run(), run()
    assert serve(one, first) == ()
    assert serve(one, second, third, reason="reloaded") == (first,)
    assert (one.runs, one.first) == ((second, third), second)
    assert told == [(S, R, ""), (R, R, "reloaded")]


def test_only_the_run_that_is_meant_is_lost_and_only_once() -> None:
    one, told = pool()
    first, second = run(), run()
    serve(one, first)
    serve(one, second)
    told.clear()
    assert not one.lose(first, "died")
    assert (one.state, one.runs, told) == (R, (second,), [])
    assert one.lose(second, "died")
    assert not one.lose(second, "died")
    assert one.loss(second) is not None
    assert one.loss(second) is None
    assert one.take(Event.END, D) == ()
    assert (one.state, one.runs, one.enter()) == (B, (), None)
    assert [(old, new) for old, new, _ in told] == [(R, C), (C, B)]


def test_a_run_joins_those_that_serve_or_nobody() -> None:
    one, _ = pool()
    first, second, late = run(), run(), run()
    assert not one.join(first)
    serve(one, first, reason="lacks something")
    assert one.join(second)
    assert one.lose(first, "died")
    assert one.reason.startswith("one of its processes is missing")
    assert one.join(late)
    assert (one.runs, one.reason) == ((second, late), "lacks something")


def test_one_with_calls_or_a_recent_one_is_not_idle() -> None:
    one, _ = pool()
    served = run()
    serve(one, served)
    connection = one.enter()
    assert connection is served.connection
    assert one.take(Event.END, D, idle_s=1e-9) == ()
    connection.leave()
    assert one.take(Event.END, D, idle_s=3600) == ()
    eventually(lambda: one.take(Event.END, D, idle_s=1e-9) != ())


def test_no_call_enters_a_run_that_was_taken_as_idle() -> None:
    """Callers, and one who ends idle runs, at the same time: on a run that was taken, no call begins any more."""
    one, _ = pool()
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
    deadline = time.monotonic() + 100
    try:
        while len(taken) < 40:
            assert time.monotonic() < deadline
            before, fresh = entered[0], (run(), run())
            serve(one, *fresh)
            while time.monotonic() < deadline and (entered[0] == before or one.take(Event.END, D, idle_s=1e-9) == ()):
                pass
            one.become(Event.START, S)
            taken += [(each.connection, each.connection._last_used) for each in fresh]
    finally:
        over.set()
        for caller in callers:
            caller.join(60)
        sys.setswitchinterval(often)
    assert [1 for connection, used in taken if connection._last_used != used or not connection.drained(0)] == []


def test_of_those_who_see_its_end_at_the_same_time_one_tells_it() -> None:
    one, _ = pool()
    for _ in range(100):
        served = run()
        serve(one, served)
        together = threading.Barrier(8)
        got: list[object] = []

        def lose(served: Run = served, together: threading.Barrier = together, got: list[object] = got) -> None:
            together.wait(60)
            if one.lose(served, "died"):
                got.append(one.loss(served))

        in_threads(lose, 8)
        assert len(got) == 1


def test_changes_of_many_threads_are_told_in_their_order() -> None:
    one, told = pool()

    def change() -> None:
        for number in range(200):
            with contextlib.suppress(IllegalTransition):
                one.become((Event.START, Event.PROVEN, Event.STOP)[number % 3], (S, R, PluginState.STOPPED)[number % 3])
            if number % 3 == 0:
                with contextlib.suppress(IllegalTransition):
                    serve(one, run())
            if number % 5 == 0:
                with contextlib.suppress(IllegalTransition):
                    one.take(Event.END, D)

    in_threads(change, 8)
    assert len(told) > 100
    assert told[0][0] is S
    assert all(before[1] is after[0] for before, after in pairwise(told))  # each begins where the one before ended
    assert told[-1][1] is one.state


def in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_call_enters_the_run_with_the_fewest_calls() -> None:
    one, _ = pool()
    first, second = run(), run()
    serve(one, first, second)
    first.connection.enter()
    assert one.enter() is second.connection
    first.connection.enter()
    assert one.enter() is second.connection


def test_the_only_run_is_never_spare() -> None:
    one, _ = pool()
    assert one.spare() is None
    serve(one, first := run())
    assert one.spare() is None
    assert one.runs == (first,)


def test_no_run_is_taken_for_one_that_does_not_serve() -> None:
    one, told = pool()
    serve(one, first := run())
    told.clear()
    assert one.take(Event.LEAVE, PluginState.STOPPED, beside=run()) == ()
    assert (one.runs, one.state, told) == ((first,), R, [])
    assert one.take(Event.LEAVE, PluginState.STOPPED, beside=first) == (first,)
    assert one.idle_s == 0.0


def test_runs_are_idle_after_exactly_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = pool()
    serve(one, run())
    monkeypatch.setattr(Connection, "idle_s", 5.0)
    assert one.take(Event.END, D, idle_s=5.5) == ()
    assert len(one.take(Event.END, D, idle_s=5.0)) == 1


def test_a_pause_ends_when_a_run_serves_and_calls_wait_only_in_back_off() -> None:
    one, _ = pool()
    serve(one, first := run())
    assert one.lose(first, "died")
    assert one.awaited_s > 0
    one.become(Event.START, S)
    assert one.awaited_s == 0, "a call that comes now waits for the start instead"
    assert one.pause_s > 0
    serve(one, run())
    assert one.pause_s == 0


def test_a_missed_start_of_one_more_run_has_no_consequence_when_none_serves() -> None:
    one, told = pool(PluginState.STOPPED)
    loss = one.missed("did not start", crash=True)
    assert (loss.pause_s, loss.quarantine, loss.others, told) == (None, "", (), [])
