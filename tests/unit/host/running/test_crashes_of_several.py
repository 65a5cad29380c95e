"""Crashes of a plugin with several processes: the others serve on, and all of them count."""

from __future__ import annotations

import pytest

from viewra.manifest import Restart
from viewra.types import PluginState

from .conftest import Make, World
from .fake_process import Behaviour

OFTEN = Restart(max=1000)


def full(make: Make, workers: int = 3, **runtime: object) -> World:
    world = make(workers=workers, restart=runtime.pop("restart", OFTEN), **runtime)
    world.call()
    world.clock.advance(0.0)
    assert len(world.supervisor.pids) == workers
    return world


def test_the_first_call_waits_for_one_process_and_the_others_follow(make: Make) -> None:
    world = make(workers=4)
    world.launcher.behaviour = Behaviour(takes={"initialize": 2.0})
    began = world.clock.now()
    assert world.call() == 1001
    assert world.clock.now() - began == 2.0
    assert world.supervisor.pids == (1001,)
    world.clock.advance(60.0)
    assert len(set(world.supervisor.pids)) == 4
    assert (world.supervisor.pid, world.supervisor.stats.pids) == (1001, world.supervisor.pids)
    assert world.states == ["starting", "running"]


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_calls_go_to_the_process_with_the_fewest(make: Make, workers: int) -> None:
    world = full(make, workers)
    pids = [world.call(10.0) for _ in range(3 * workers)]
    assert {pids.count(pid) for pid in world.supervisor.pids} == {3}
    assert [run.in_flight for run in world.supervisor.stats.runs] == [3] * workers
    world.clock.advance(11.0)
    assert [run.in_flight for run in world.supervisor.stats.runs] == [0] * workers


def test_the_others_serve_on_while_one_that_crashed_is_started_again(make: Make) -> None:
    world = full(make)
    world.running[1].die()
    world.clock.advance(0.0)
    assert (world.state, len(world.supervisor.pids)) == ("running", 2)
    assert world.supervisor.reason.startswith("one of its processes is missing, and is started again 0.")
    assert {world.call(1.0) for _ in range(4)} == {1001, 1003}
    world.clock.advance(1.0)
    assert world.supervisor.pids == (1001, 1003, 1004)
    assert (world.state, world.supervisor.reason, world.supervisor.stats.crashes) == ("running", "", 1)
    assert "crashed" not in world.states


def test_several_that_crash_at_once_all_come_back(make: Make) -> None:
    world = full(make, 4)
    for process in world.running[1:]:
        process.die()
    world.clock.advance(10.0)
    assert (len(world.supervisor.pids), world.state) == (4, "running")


def test_all_that_crash_are_one_plugin_that_broke_down(make: Make) -> None:
    world = full(make, 2)
    for process in world.running:
        process.die()
    world.clock.advance(0.0)
    assert world.state == "backoff"
    world.clock.advance(10.0)
    assert (len(world.supervisor.pids), world.state, world.supervisor.stats.crashes) == (2, "running", 2)


def test_crashes_of_all_processes_count_for_the_quarantine_and_the_rest_ends(make: Make) -> None:
    world = full(make, 3, restart=Restart(max=2, window_s=100.0))
    for _ in range(2):
        world.running[-1].die()
        world.clock.advance(5.0)
    assert world.state == "running"
    world.call(1.0)
    world.running[-1].die()
    world.clock.advance(0.0)
    assert world.state == "quarantined"
    assert world.states[-2:] == ["crashed", "quarantined"]
    world.clock.advance(2.0)
    assert world.running == []


def test_one_that_cannot_be_started_beside_the_others_is_tried_after_pauses(make: Make) -> None:
    world = make(workers=2, restart=OFTEN)
    world.launcher.next = [Behaviour()] + [Behaviour(fails={"start": "die"}) for _ in range(3)]
    world.call()
    world.clock.advance(0.0)
    assert (world.state, len(world.running)) == ("running", 1)
    assert "one of its processes is missing" in world.supervisor.reason
    world.clock.advance(10.0)
    assert (len(world.supervisor.pids), world.supervisor.stats.crashes, world.supervisor.reason) == (2, 3, "")


def test_one_that_never_starts_beside_the_others_leads_to_quarantine(make: Make) -> None:
    world = make(workers=2, restart=Restart(max=2))
    world.launcher.next = [Behaviour()]
    world.launcher.behaviour = Behaviour(fails={"start": "die"})
    world.call()
    world.clock.advance(60.0)
    assert (world.state, world.running) == ("quarantined", [])


@pytest.mark.parametrize(
    ("runtime", "services", "why"),
    [
        ({"reload": "restart"}, ("plugin.SearchService",), 'runtime.reload is "restart"'),
        ({}, ("plugin.SearchService", "plugin.DatabaseService"), "a database of its own"),
    ],
)
def test_one_process_runs_where_more_may_not_and_that_is_said(
    make: Make, caplog: pytest.LogCaptureFixture, runtime: dict[str, object], services: tuple[str, ...], why: str
) -> None:
    world = make(workers=3, **runtime)
    world.launcher.behaviour = Behaviour(services=services)
    world.call()
    world.clock.advance(10.0)
    assert len(world.running) == 1
    assert "runtime.workers has no effect" in caplog.text
    assert why in caplog.text


def test_nothing_is_started_beside_the_others_from_code_that_changed(make: Make) -> None:
    world = full(make, 2)
    world.change("half an edit")
    world.running[1].die()
    world.clock.advance(60.0)
    assert len(world.running) == 1
    world.supervisor.reload()
    assert len(world.supervisor.pids) == 2
    assert world.state is not PluginState.CRASHED
