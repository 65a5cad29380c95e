"""The number of processes that should run, and how it follows the calls in flight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from viewra.host.running.demand import GROW_S, SHRINK_S, Demand
from viewra.host.running.run import Run
from viewra.host.running.workers import why_one
from viewra.manifest import Runtime

from .conftest import Make, World
from .fake_process import Behaviour

SCRAPER = ("metadata_scraper",)


@pytest.mark.parametrize(
    ("runtime", "services", "count"),
    [
        ({}, ["search_service"], 1),
        ({"workers": 4}, ["search_service"], 4),
        ({"workers": 4}, ["search_service", "database_service"], 1),
        ({"workers": 4, "reload": "restart"}, ["search_service"], 1),
        ({"workers": 4, "detachable": True}, ["search_service"], 1),
        ({"workers": "auto"}, ["metadata_scraper"], 3),
        ({"workers": "auto"}, ["search_service"], 1),
        ({"workers": "auto"}, ["metadata_scraper", "database_service"], 1),
    ],
)
def test_how_many(world: World, runtime: Mapping[str, object], services: list[str], count: int) -> None:
    chosen = Runtime(**runtime)  # type: ignore[arg-type]
    workers = world.supervisor._runs.workers
    workers.demand.target = 3
    assert workers.wanted(chosen, services) == count
    assert bool(why_one(chosen, services)) == (
        "database_service" in services or "reload" in runtime or "detachable" in runtime
    )


class Times:
    """A demand on a clock and a machine that a test sets."""

    def __init__(self, cores: int = 4) -> None:
        self.now = self.idle_s = 0.0
        self.idle_cores = 0.5
        self.demand = Demand(lambda: self.now, cores=lambda: cores, idle_s=lambda: self.idle_s)

    def look(self, running: int, in_flight: int, after_s: float) -> int:
        self.demand.look(running, in_flight)
        self.now += after_s
        self.idle_s += self.idle_cores * after_s
        return self.demand.look(running, in_flight)


def test_it_grows_while_it_is_busy_up_to_the_cores() -> None:
    times = Times(cores=2)
    assert times.look(1, 2, GROW_S / 2) == 0
    assert times.look(1, 1, GROW_S) == 0, "one call after the other is not busy"
    assert times.look(1, 2, GROW_S) == 1
    assert times.look(1, 2, GROW_S) == 0, "the second one is still starting"
    assert times.look(2, 9, GROW_S) == 0
    assert times.demand.target == 2


def test_a_busy_machine_gives_it_no_more() -> None:
    times = Times()
    times.idle_s = 1000.0  # of before
    times.idle_cores = 0.4
    assert times.look(1, 2, GROW_S) == 0
    assert times.look(1, 2, 10 * GROW_S) == 0
    times.idle_cores = 0.6
    assert times.look(1, 2, GROW_S) == 1


def test_it_shrinks_when_a_process_has_had_no_work_for_a_while() -> None:
    times = Times()
    times.look(1, 2, GROW_S)
    assert times.look(2, 1, SHRINK_S / 2) == 0
    assert times.look(2, 3, SHRINK_S) == 0
    assert times.look(2, 1, SHRINK_S) == -1
    assert times.look(1, 0, SHRINK_S) == 0
    assert times.demand.target == 1


def test_a_scrapers_processes_come_and_go(make: Make) -> None:
    world = make(workers="auto", capabilities=SCRAPER)
    world.launcher.behaviour = Behaviour(services=("plugin.MetadataScraperService",))
    demand = world.supervisor._runs.workers.demand
    demand._cores, demand._idle_s = lambda: 2, world.clock.now
    for _ in range(2):
        world.call(5.0)
    assert world.supervisor.link.processes == 1
    for _ in range(8):
        world.clock.advance(GROW_S / 4)
        world.supervisor.tending.tick()
    world.clock.advance(1.0)
    assert len(world.supervisor.stats.runs) == 2
    assert world.supervisor.link.processes == 2
    first = world.supervisor.pid
    world.clock.advance(10.0)
    for _ in range(3):
        world.supervisor.tending.tick()
        world.clock.advance(SHRINK_S)
    assert world.supervisor.pids == (first,)
    assert world.supervisor.stats.crashes == 0
    assert len(world.running) == 1


def test_a_process_that_comes_when_the_others_have_ended_is_stopped(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make(workers=2)
    monkeypatch.setattr(world.supervisor.pool, "join", lambda _run: False)
    world.call()
    world.clock.advance(1.0)
    assert [process.ended for process in world.launcher.processes] == [False, True]
    assert world.launcher.processes[1].calls[-1] == "stop"


def test_a_process_that_ended_before_it_joined_counts_as_crashed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(workers=2)
    pool = world.supervisor.pool
    join = pool.join

    def late(run: Run) -> bool:
        world.launcher.processes[1].over.set()  # its end was reported before: nobody tells of it again
        return join(run)

    monkeypatch.setattr(pool, "join", late)
    world.call()
    world.clock.advance(0.0)
    assert world.supervisor.stats.crashes == 1
    monkeypatch.undo()
    world.clock.advance(1.0)
    assert world.supervisor.pids == (1001, 1003)


READS, SEARCHES = "plugin.MetadataScraperService", "plugin.SearchService"


@pytest.mark.parametrize(
    ("runtime", "services", "follows"),
    [
        ({"workers": "auto"}, [READS], True),
        ({"workers": 3}, [READS], False),
        ({"workers": "auto"}, [SEARCHES], False),
        ({"workers": "auto", "reload": "restart"}, [READS], False),
    ],
)
@pytest.mark.parametrize("change", [-1, 0, 1])
def test_only_scrapers_that_may_have_several_follow_the_work(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    runtime: dict[str, Any],
    services: list[str],
    follows: bool,
    change: int,
) -> None:
    world = make(**runtime)
    world.launcher.behaviour = Behaviour(services=services)
    world.call()
    world.clock.advance(1.0)
    workers, pauses, spared = world.supervisor._runs.workers, list[float](), list[bool]()
    monkeypatch.setattr(workers.demand, "look", lambda *_: change)
    monkeypatch.setattr(workers.crashes.restart, "set", pauses.append)
    monkeypatch.setattr(workers.pool, "spare", lambda: spared.append(True))
    workers.tick(world.supervisor.pool.runs)
    assert pauses == ([0.0] if follows and change > 0 else [])
    assert spared == ([True] if follows and change < 0 else [])


@pytest.mark.parametrize(
    ("runtime", "told"),
    [
        ({"workers": 2, "reload": "restart"}, True),
        ({"workers": 1, "reload": "restart"}, False),
        ({"workers": "auto", "reload": "restart"}, False),
        ({"workers": 2}, False),
    ],
)
def test_a_wish_that_has_no_effect_is_told(
    make: Make, caplog: pytest.LogCaptureFixture, runtime: dict[str, Any], told: bool
) -> None:
    world = make(**runtime)
    world.call()
    assert ("plugin p: runtime.workers has no effect" in caplog.text) is told


def test_changed_code_is_nothing_to_tell_of_while_no_process_is_missing(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    world = make(workers=2)
    world.call()
    world.clock.advance(1.0)
    world.change("new")
    world.supervisor._runs.workers.fill()
    assert "a process is missing" not in caplog.text


def test_it_does_not_grow_while_another_process_is_on_its_way() -> None:
    times = Times()
    assert times.look(1, 2, GROW_S) == 1
    assert times.look(1, 9, 9 * GROW_S) == 0, "the second has not come"
    assert times.look(2, 9, GROW_S / 2) == 0, "it is busy with two since now"
    assert times.look(2, 9, GROW_S / 2) == 1


def test_as_many_calls_as_processes_leave_none_to_spare() -> None:
    times = Times()
    assert times.look(1, 9, GROW_S) == 1
    assert times.look(2, 2, 2 * SHRINK_S) == 0
    assert times.look(2, 1, SHRINK_S) == -1


def test_a_process_without_work_goes_also_while_another_cannot_be_started() -> None:
    times = Times()
    times.demand.target = 3
    assert times.look(2, 0, SHRINK_S / 2) == 0
    assert times.look(2, 0, SHRINK_S) == -1
    assert times.demand.target == 1
    assert times.look(1, 2, GROW_S) == 1


def test_it_starts_with_one_process_after_it_was_idle(make: Make) -> None:
    world = make(workers="auto", idle_timeout_s=5, capabilities=SCRAPER)
    world.launcher.behaviour = Behaviour(services=(READS,))
    world.call()
    world.supervisor._runs.workers.demand.target = 3
    world.supervisor._runs.workers.fill()
    assert world.supervisor.link.processes == 3
    world.clock.advance(6.0)
    world.supervisor.tending.tick()
    world.clock.advance(0.0)
    assert world.running == []
    world.call()
    world.clock.advance(1.0)
    assert world.supervisor.link.processes == 1
