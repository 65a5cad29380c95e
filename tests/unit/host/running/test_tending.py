"""Periodic work: health checks, idle stops, resource samples; and ends of processes."""

from __future__ import annotations

import pytest

from viewra.host.running.draining import LONGEST_S
from viewra.host.running.run import SHUTDOWN_S
from viewra.host.running.runs import DRAIN_S
from viewra.host.running.status import Condition, ResourceSample
from viewra.host.running.usage import Usage, total
from viewra.manifest import HealthChecks, Restart

from .conftest import Make, World
from .fake_clock import FakeClock
from .fake_process import Behaviour

OFTEN = Restart(max=1000)
CHECKS = HealthChecks(interval_s=10.0, own_interval_s=10.0, timeout_s=5.0, failures=3, restart="transport")


def started(make: Make, **runtime: object) -> World:
    world = make(restart=OFTEN, **runtime)
    world.supervisor.tending.usage = Usage(now=world.clock.now, sampler=lambda pid: Sampling(pid))
    world.call()
    world.clock.advance(0.0)
    return world


class Sampling:
    """Each process uses as many bytes as its number says."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def sample(self) -> ResourceSample:
        return ResourceSample(0.0, 1.5, self._pid, 2, 3, 1, 10, 20)


# ---- health ----


def test_a_healthy_one_is_told_so_after_its_first_check(make: Make) -> None:
    world = started(make, health=CHECKS)
    assert world.supervisor.stats.health.condition is Condition.UNKNOWN
    world.clock.tick(world.supervisor.tending, 10.5)
    report = world.supervisor.stats.health
    assert (report.condition, report.transport, report.own, report.error) == (Condition.HEALTHY, True, True, "")


@pytest.mark.parametrize("failures", [1, 2, 3])
@pytest.mark.parametrize("restart", ["transport", "both", "never"])
def test_one_that_answers_no_checks_is_ended_unless_that_is_forbidden(make: Make, restart: str, failures: int) -> None:
    checks = HealthChecks(interval_s=10.0, own_interval_s=1e6, timeout_s=5.0, failures=failures, restart=restart)
    world = started(make, health=checks)
    world.latest.behaviour.silent = True
    world.clock.tick(world.supervisor.tending, 10.0 * failures + 4.5)
    assert world.running[0].pid == 1001
    world.clock.tick(world.supervisor.tending, 11.0)
    if restart == "never":
        assert world.running[0].pid == 1001
        assert world.supervisor.stats.health.condition is Condition.UNHEALTHY
        return
    assert world.running[0].pid == 1002
    told = [reason for _, new, reason in world.changes if str(new) == "crashed"]
    assert told[0].startswith(f"did not answer {failures} health checks in a row (no answer within 5 s)")


def test_one_answer_in_between_begins_the_count_anew(make: Make) -> None:
    world = started(make, health=CHECKS)
    for _ in range(4):
        world.latest.behaviour.silent = True
        world.clock.tick(world.supervisor.tending, 20.0)
        world.latest.behaviour.silent = False
        world.clock.tick(world.supervisor.tending, 20.0)
    assert world.running[0].pid == 1001


def test_a_check_that_no_deadline_ends_counts_as_not_answered(make: Make) -> None:
    world = started(make, health=CHECKS)
    world.latest.behaviour.takes["check"] = 1e9
    world.clock.tick(world.supervisor.tending, 60.0)
    assert world.running[0].pid == 1002


@pytest.mark.parametrize("restart", ["transport", "both"])
def test_what_says_that_it_is_not_well_is_ended_only_if_that_is_asked_for(make: Make, restart: str) -> None:
    checks = HealthChecks(interval_s=10.0, own_interval_s=10.0, timeout_s=5.0, failures=2, restart=restart)
    world = started(make, health=checks)
    world.latest.behaviour.unwell = "no network"
    world.clock.tick(world.supervisor.tending, 15.0)
    assert world.supervisor.stats.health.condition is Condition.DEGRADED
    assert world.supervisor.stats.health.error == "no network"
    world.clock.tick(world.supervisor.tending, 30.0)
    assert world.running[0].pid == (1002 if restart == "both" else 1001)


def test_of_several_the_worst_is_told_and_that_one_is_ended(make: Make) -> None:
    world = started(make, workers=3, health=CHECKS)
    world.running[1].behaviour.silent = True
    world.clock.tick(world.supervisor.tending, 16.0)
    stats = world.supervisor.stats
    assert stats.health.condition is Condition.UNHEALTHY
    assert [run.health.condition for run in stats.runs] == [Condition.HEALTHY, Condition.UNHEALTHY, Condition.HEALTHY]
    world.clock.tick(world.supervisor.tending, 30.0)
    assert world.supervisor.pids == (1001, 1003, 1004)
    assert world.supervisor.stats.crashes == 1


# ---- what they use ----


def test_usage_of_several_is_summed_and_kept_for_each(make: Make) -> None:
    world = started(make, workers=2)
    world.clock.tick(world.supervisor.tending, 3.0)
    stats = world.supervisor.stats
    assert stats.resources[-1].rss_bytes == 1001 + 1002
    assert (stats.resources[-1].processes, stats.resources[-1].cpu_percent) == (2, 3.0)
    assert [run.resources[-1].rss_bytes for run in stats.runs] == [1001, 1002]
    assert len(stats.resources) == 3
    world.running[0].die()
    world.clock.tick(world.supervisor.tending, 3.0)
    assert world.supervisor.stats.resources[-1].rss_bytes == 1002 + 1003
    assert len(world.supervisor.stats.resources) > 5


def test_samples_of_another_process_begin_anew() -> None:
    clock = FakeClock()
    usage = Usage(now=clock.now, sampler=Sampling)
    for _ in range(3):
        usage.tick([1])
        clock.advance(1.0)
    usage.tick([2])
    assert [sample.rss_bytes for sample in usage.samples] == [2]
    assert usage.of(1) == ()


def test_one_that_exceeds_a_limit_is_ended(make: Make) -> None:
    world = started(make, limits={"cpu_percent": 1})
    world.clock.tick(world.supervisor.tending, 12.0)
    told = [reason for _, new, reason in world.changes if str(new) == "crashed"]
    assert told[0].startswith("used 2 % of a processor for 10 s, its limit is 1 %")


# ---- idle ----


@pytest.mark.parametrize("workers", [1, 3])
def test_one_that_nobody_calls_is_stopped_and_started_by_the_next_call(make: Make, workers: int) -> None:
    world = started(make, workers=workers, idle_timeout_s=60.0)
    world.clock.tick(world.supervisor.tending, 50.0)
    world.call(30.0)
    world.clock.tick(world.supervisor.tending, 85.0)
    assert len(world.running) == workers
    world.clock.tick(world.supervisor.tending, 10.0)
    assert (world.state, world.supervisor.reason, world.running) == ("ready", "no call for 60 s", [])
    assert world.states[-2:] == ["draining", "ready"]
    world.call()
    world.clock.advance(1.0)
    assert len(world.running) == workers
    assert world.supervisor.stats.crashes == 0


def test_each_idle_stop_is_begun_once_and_the_next_one_after_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make, idle_timeout_s=5.0)
    begun: list[str] = []
    tending = world.supervisor.tending

    def start(name: str, _work: object) -> None:
        begun.append(name)

    monkeypatch.setattr(tending._background, "start", start)
    world.clock.advance(10.0)
    for _ in range(3):
        tending.tick()
    assert begun == ["idle-p"], "it waits for a reload, say"
    tending._end_idle(5.0)
    assert world.state == "ready"
    world.call()
    world.clock.advance(10.0)
    tending.tick()
    assert begun == ["idle-p", "idle-p"]


def test_a_call_that_runs_for_long_is_not_idle(make: Make) -> None:
    world = started(make, idle_timeout_s=5.0)
    world.call(100.0)
    world.clock.tick(world.supervisor.tending, 90.0)
    assert world.state == "running"


def test_asking_for_its_health_keeps_nobody_from_being_idle(make: Make) -> None:
    checks = HealthChecks(interval_s=1.0, own_interval_s=1.0, timeout_s=0.5)
    world = started(make, idle_timeout_s=5.0, health=checks)
    world.clock.tick(world.supervisor.tending, 6.0)
    assert world.latest.calls.count("health") >= 4
    assert world.state == "ready"


def test_one_that_was_stopped_as_idle_has_no_missing_process_started(make: Make) -> None:
    world = started(make, workers=2, idle_timeout_s=5.0)
    world.launcher.behaviour = Behaviour(fails={"start": "die"})
    world.running[1].die()
    world.clock.tick(world.supervisor.tending, 30.0)
    assert (world.state, world.running) == ("ready", [])
    world.clock.advance(600.0)
    assert world.running == []


# ---- the end ----


@pytest.mark.parametrize("verb", ["unload", "disable", "restart", "close"])
@pytest.mark.parametrize("takes_s", [0.5, 1.5, 100.0])
def test_calls_in_flight_have_a_moment_before_a_stop(make: Make, verb: str, takes_s: float) -> None:
    world = started(make)
    first = world.latest
    world.call(takes_s)
    began = world.clock.now()
    ended: list[float] = []
    die = first.die

    def timed(code: int = 9) -> None:
        ended.append(world.clock.now() - began)
        die(code)

    first.die = timed  # type: ignore[method-assign]  # it is a fake, told apart by when it dies
    getattr(world.supervisor, verb)()
    wanted = 0.0 if verb == "close" else min(takes_s, DRAIN_S)
    assert ended[0] == pytest.approx(wanted, abs=0.1)
    world.clock.advance(100.0)


@pytest.mark.parametrize("workers", [1, 4])
def test_what_is_deaf_is_ended_by_force_side_by_side(
    make: Make, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = started(make, workers=workers)
    for process in world.running:
        process.behaviour.deaf = True
        process.behaviour.takes["stop"] = 3600.0
    world.supervisor.unload()
    assert world.running == []
    assert all(process.signals == [15] for process in world.launcher.processes)
    assert caplog.text.count("had to be killed") == workers


def test_a_stop_asks_first(world: World) -> None:
    world.call()
    world.supervisor.unload()
    assert world.latest.calls[-1] == "stop"
    assert (world.latest.code, world.latest.signals) == (0, [])
    assert SHUTDOWN_S < LONGEST_S


def test_closing_twice_is_fine_and_nothing_starts_afterwards(world: World) -> None:
    world.call()
    world.supervisor.close()
    world.supervisor.close()
    world.clock.advance(100.0)
    assert (world.state, world.running) == ("stopped", [])


def test_a_sum_of_samples_is_of_the_time_of_the_last() -> None:
    samples = [ResourceSample(at, 1.0, 2, 3, 4, 5, 6, 7) for at in (10.0, 11.0, 12.0)]
    assert total(samples) == ResourceSample(12.0, 3.0, 6, 9, 12, 15, 18, 21)
