"""One run: its deadlines, the errors of calls whose connection broke, how it ended, and what closes with it."""

from __future__ import annotations

import itertools
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.codec import lifecycle
from viewra.errors import NotOffered, PluginClosed, PluginFault, PluginUnavailable
from viewra.host.running import run as run_module
from viewra.host.running.run import LOSS_S, NOTICE_S, QUIESCE_S, Run
from viewra.host.sync.cancellation import Cancellation
from viewra.types import Health

from .conftest import Make, World
from .fake_process import SEARCH, Behaviour

QUIESCES = (*SEARCH, lifecycle.QUIESCE.wire_service)


def run_of(world: World) -> Run:
    world.call()
    run = world.supervisor.pool.first
    assert run is not None
    return run


def test_a_broken_connection_is_told_by_what_broke_it(world: World) -> None:
    run = run_of(world)
    error = run.loss("search")
    assert isinstance(error, PluginUnavailable)
    assert (error.message, error.call, error.in_call) == ("the connection to it broke", "search", True)
    world.latest.die(3)
    error = run.loss("search")
    assert isinstance(error, PluginUnavailable)
    assert (error.message, error.call, error.in_call) == ("its process ended with exit status 3", "search", True)
    run.abandon()
    error = run.loss("search")
    assert (type(error), error.message) == (PluginClosed, "was stopped")


def test_calls_whose_connection_broke_wait_for_the_end_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run, waits = run_of(world), list[float | None]()

    seconds = itertools.count(100.0)
    monkeypatch.setattr(run_module, "time", SimpleNamespace(monotonic=seconds.__next__))
    monkeypatch.setattr(world.latest, "wait", waits.append)
    for _ in range(7):
        run.loss("search")
    assert waits == [*(LOSS_S - passed for passed in range(5)), 0.0, 0.0]


def test_calls_of_the_start_share_its_time_and_others_have_their_own(make: Make) -> None:
    world = make(start_timeout_s=12.0, call_timeout_s={"migrate": 77.0})
    run = run_of(world)
    assert run.deadline_s("initialize") == run.left_s() == 12.0
    assert (run.deadline_s("migrate"), run.deadline_s("apply_settings")) == (77.0, QUIESCE_S)
    world.clock.advance(11.87)
    assert run.left_s() == 0.1, "rounded, since messages show it"
    world.clock.advance(9.87)
    assert (run.left_s(), run.deadline_s("initialize"), run.deadline_s("migrate")) == (0.1, 0.1, 77.0)


@pytest.mark.parametrize(
    ("error", "told"), [(PluginFault("p", "cannot let go"), True), (NotOffered("p", "has no quiesce"), False)]
)
def test_a_plugin_that_cannot_quiesce_is_told_of(
    make: Make, error: Exception, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = make()
    world.launcher.behaviour = Behaviour(services=QUIESCES, fails={"quiesce": error})
    run = run_of(world)
    began = world.clock.now()
    run.quiesce(Cancellation(clock=world.clock))
    assert world.clock.now() == began, "nothing is waited for that has come"
    assert world.latest.calls[-1] == "quiesce"
    assert ("plugin p did not quiesce: " in caplog.text) is told


def test_a_quiesce_that_has_no_end_is_waited_for_so_long_and_told_of(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = make()
    world.launcher.behaviour = Behaviour(services=QUIESCES)
    run = run_of(world)
    monkeypatch.setattr(run.endpoint, "start", lambda _rpc: Future[None]())
    began = world.clock.now()
    run.quiesce(Cancellation(clock=world.clock))
    assert world.clock.now() == began + QUIESCE_S + NOTICE_S
    assert "plugin p: Quiesce has not ended within 11 s" in caplog.text
    assert "did not quiesce" not in caplog.text


@pytest.mark.parametrize("end", ["stop", "abandon", "give_up", "detach"])
def test_a_call_that_breaks_because_its_run_was_ended_is_told_that(world: World, end: str) -> None:
    run = run_of(world)
    getattr(run, end)()
    error = run.loss("search")
    assert (type(error), error.message, error.call) == (PluginClosed, "was stopped", "search")
    assert world.latest.left is (end in {"give_up", "detach"})
    world.latest.left = False
    run.abandon()


def test_a_process_whose_plugin_does_not_stop_is_shut_down(world: World) -> None:
    run = run_of(world)
    world.latest.behaviour.fails["stop"] = PluginFault("p", "not now", call="stop")
    assert run.stop() == "graceful"
    assert (world.latest.code, world.latest.signals) == (0, [])


def test_one_that_does_not_serve_quiesce_is_not_asked(world: World) -> None:
    run = run_of(world)
    run.quiesce(Cancellation(clock=world.clock))
    assert "quiesce" not in world.latest.calls


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, (Health(True), "")),
        (PluginFault("p", "cannot say", call="health"), (None, "cannot say")),
        (RuntimeError("the channel is closed"), (None, "the channel is closed")),
    ],
)
def test_its_own_health_is_told_or_why_it_is_not_known(
    world: World, answer: Exception | None, told: tuple[Health | None, str]
) -> None:
    run, answers = run_of(world), list[tuple[Health | None, str]]()
    if answer is not None:
        world.latest.behaviour.fails["health"] = answer
    run.own_health(lambda health, error: answers.append((health, error)))
    assert answers == [told]


def test_a_long_last_line_is_cut_in_the_reason(world: World) -> None:
    run = run_of(world)
    world.latest.behaviour.lines = ("x" * 1000,)
    world.latest.die()
    assert run.end.endswith(f"its last output: {'x' * 300}")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("starting", "ValueError: no"), "; its last output: ValueError: no"),
        (("panic: no room", "goroutine 1 [running]:", "main.go:7 +0x1d"), "; its last output: panic: no room"),
        (("fatal error: all are asleep", "", "main.go:7"), "; its last output: fatal error: all are asleep"),
        (("a panic: is not meant", "the end"), "; its last output: the end"),
        (("ValueError: no", "", "  "), "; its last output: ValueError: no"),
        ((), ""),
    ],
)
def test_the_reason_of_an_end_has_the_line_that_says_why(world: World, lines: tuple[str, ...], told: str) -> None:
    run = run_of(world)
    world.latest.behaviour.lines = lines
    world.latest.die(2)
    assert run.end == f"its process ended with exit status 2{told}"


@pytest.mark.parametrize("end", ["peer", "endpoint", "connection"])
def test_before_it_is_connected_a_run_names_its_plugin_and_nothing_can_be_called(world: World, end: str) -> None:
    proven = run_of(world)
    run = Run(proven.process, proven.spec, world.clock)
    assert not run.by_hand
    with pytest.raises(PluginUnavailable, match="plugin p: is not connected"):
        getattr(run, end)


def test_a_condemned_run_ends_with_all_of_its_group_and_says_why(world: World) -> None:
    run, killed = run_of(world), list[str]()
    run.group = cast(Any, SimpleNamespace(kill=lambda: killed.append("group"), breach="used too much"))
    assert run.end == "used too much"
    run.condemn("did not answer")
    assert (killed, world.latest.ended, run.end) == (["group"], True, "did not answer")


class Closed:
    """Something that a run closes."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    quiet = close


def test_what_belongs_to_a_run_closes_with_it(world: World) -> None:
    run = run_of(world)
    stdio, streamed, renewal, hosting = Closed(), Closed(), Closed(), Closed()
    run.follow(stdio, cast(Any, streamed))
    run.renewal, run.hosting = cast(Any, renewal), cast(Any, hosting)
    world.supervisor.unload()
    assert [one.closed for one in (stdio, streamed, renewal, hosting)] == [1, 1, 1, 1]


def test_services_that_nobody_knows_yet_are_offered_all(make: Make) -> None:
    world = make(capabilities=())
    link = world.supervisor.link
    assert link.offers("database_service")
    world.call()
    assert link.offers("search_service")
    assert not link.offers("database_service")
