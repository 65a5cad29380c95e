"""The results of health checks: which of them count, and what a plugin's condition is said to be."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from viewra.adapters import BreakerState, Traffic
from viewra.host.running.health import OVERDUE_S, HealthWatch
from viewra.host.running.run import Run
from viewra.host.running.status import Condition
from viewra.manifest import HealthChecks
from viewra.types import Health

CHECKS = HealthChecks(interval_s=10.0, own_interval_s=20.0, timeout_s=2.0, failures=2, restart="both")


class Watched:
    """One run whose checks are answered when a test says so."""

    def __init__(self, checks: HealthChecks = CHECKS) -> None:
        self.now = 0.0
        self.process: list[Callable[[str], object]] = []
        self.itself: list[Callable[[Health | None, str], object]] = []
        self.unwell: list[str] = []
        self.traffic = SimpleNamespace(breaker_state=BreakerState.CLOSED)
        self.watch = HealthWatch(
            cast(Traffic, self.traffic), lambda _run, reason: self.unwell.append(reason), now=lambda: self.now
        )
        self.run = cast(Run, _Run(check=self.process.append, own_health=self.itself.append))
        self.checks = checks

    def tick(self, seconds: float = 0.0) -> None:
        self.now += seconds
        self.watch.tick([self.run], self.checks)

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.process), len(self.itself)

    @property
    def condition(self) -> tuple[Condition, str]:
        report = self.watch.report([self.run])
        return report.condition, report.error


class _Run(SimpleNamespace):
    """Known by itself, as a run is."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def test_each_check_is_due_after_its_interval_and_not_while_one_has_no_answer() -> None:
    watched = Watched()
    watched.tick()
    watched.tick(9.9)
    assert watched.asked == (0, 0)
    watched.tick(0.1)
    assert watched.asked == (1, 1)
    watched.process[0]("")
    watched.itself[0](Health(True), "")
    watched.tick(9.9)
    assert watched.asked == (1, 1)
    watched.tick(0.1)
    assert watched.asked == (2, 1)
    watched.tick(6.0)
    assert watched.asked == (2, 1), "the second has no answer"
    watched.process[1]("")
    watched.tick(4.0)
    assert watched.asked == (3, 2)


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing() -> None:
    watched = Watched()
    watched.tick()
    watched.tick(10.0)
    watched.tick(CHECKS.timeout_s + OVERDUE_S - 0.1)
    assert watched.condition == (Condition.UNKNOWN, "")
    watched.tick(0.1)
    assert watched.condition == (
        Condition.UNHEALTHY,
        "its process does not answer health checks: its answer never came",
    )
    watched.process[0]("")
    watched.itself[0](Health(True), "")
    assert watched.condition[0] is Condition.UNHEALTHY
    assert watched.unwell == []


def test_a_report_says_which_of_the_checks_failed() -> None:
    watched = Watched()
    watched.tick()
    watched.tick(10.0)
    watched.process[0]("")
    report = watched.watch.report_of(watched.run)
    assert (report.condition, report.transport, report.own) == (Condition.HEALTHY, True, None)
    watched.itself[0](Health(False), "")
    report = watched.watch.report_of(watched.run)
    assert (report.condition, report.transport, report.own) == (Condition.DEGRADED, True, False)
    assert report.error == "it says that it is not well"
    watched.tick(20.0)
    watched.process[1]("no answer")
    watched.itself[1](None, "cannot be asked")
    report = watched.watch.report_of(watched.run)
    assert (report.condition, report.transport, report.own) == (Condition.UNHEALTHY, False, False)
    assert report.error == "its process does not answer health checks: no answer"


def test_what_was_not_checked_yet_is_not_said_to_be_well() -> None:
    watched = Watched()
    watched.tick()
    watched.tick(10.0)
    watched.itself[0](Health(True), "")
    report = watched.watch.report_of(watched.run)
    assert (report.condition, report.transport, report.own) == (Condition.HEALTHY, None, True)


@pytest.mark.parametrize("state", [BreakerState.OPEN, BreakerState.HALF_OPEN])
def test_one_whose_calls_run_out_of_time_is_degraded_whatever_it_says(state: Any) -> None:
    watched = Watched()
    watched.tick()
    watched.tick(10.0)
    watched.process[0]("")
    watched.itself[0](Health(True), "")
    assert watched.condition == (Condition.HEALTHY, "")
    watched.traffic.breaker_state = state
    assert watched.condition == (Condition.DEGRADED, "its last calls ran out of time")


def test_what_is_no_longer_watched_is_forgotten() -> None:
    watched = Watched()
    watched.tick()
    watched.tick(10.0)
    watched.process[0]("broken")
    watched.watch.tick([], CHECKS)
    assert watched.condition == (Condition.UNKNOWN, "")
