"""Checks the health of a plugin's running processes periodically, and asks the plugin itself for its health.

Checks are asynchronous: those of different processes, and both checks of one process, run concurrently, each with its
own deadline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import attrs

from viewra.adapters import BreakerState, Traffic
from viewra.host.running.run import Run
from viewra.host.running.status import Condition, HealthReport
from viewra.manifest import HealthChecks
from viewra.types import Health

OVERDUE_S = 5.0
"""A check that has not ended so many seconds after its deadline counts as failed."""
_WORST = (Condition.UNHEALTHY, Condition.DEGRADED, Condition.HEALTHY, Condition.UNKNOWN)


class HealthWatch:
    """Watches one plugin's health. Calls ``unwell`` with a run that has to be ended, and the reason."""

    def __init__(
        self,
        traffic: Traffic,
        unwell: Callable[[Run, str], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._traffic = traffic
        self._unwell = unwell
        self._now = now
        self._lock = threading.Lock()
        self._looks: dict[Run, _Look] = {}

    def report(self, runs: Sequence[Run]) -> HealthReport:
        """The worst result of the last checks of these runs; starts no check."""
        reports = [self.report_of(run) for run in runs]
        return min(reports, key=lambda report: _WORST.index(report.condition), default=HealthReport())

    def report_of(self, run: Run) -> HealthReport:
        """The results of the last checks of this run; starts no check."""
        with self._lock:
            look = self._looks.get(run)
            if look is None or look.checked_at is None:
                return HealthReport()
            own = look.own.healthy if look.own is not None else None if not look.own_error else False
            error = look.transport_error or look.own_error
            condition = Condition.HEALTHY
            if look.transport_error:
                condition = Condition.UNHEALTHY
            elif error:
                condition = Condition.DEGRADED
            elif self._traffic.breaker_state is not BreakerState.CLOSED:
                condition, error = Condition.DEGRADED, "its last calls ran out of time"
            return HealthReport(condition, look.transport, own, error, look.checked_at)

    def tick(self, runs: Sequence[Run], checks: HealthChecks) -> None:
        """Start the checks that are due."""
        for run in runs:
            self._tick(run, checks)
        with self._lock:
            for gone in self._looks.keys() - set(runs):
                del self._looks[gone]

    def _tick(self, run: Run, checks: HealthChecks) -> None:
        now = self._now()
        with self._lock:
            look = self._looks.get(run)
            if look is None:  # its start has just proven it
                look = self._looks[run] = _Look(run, now + checks.interval_s, now + checks.interval_s)
            late_process, late_itself = look.overdue(now, checks)
            ask_process, ask_itself = look.due(now, checks)
        if late_process:
            self._process_answered(look, checks, look.process_asked, "its answer never came")
        if late_itself:
            self._itself_answered(look, look.itself_asked, None, "its answer never came")
        if ask_process:
            run.check(lambda error: self._process_answered(look, checks, now, error))
        if ask_itself:
            run.own_health(lambda health, error: self._itself_answered(look, now, health, error))

    def _process_answered(self, look: _Look, checks: HealthChecks, asked: float | None, error: str) -> None:
        with self._lock:
            if asked is None or look.process_asked != asked:  # a late answer
                return
            look.process_asked = None
            look.checked_at = time.time()
            look.transport = not error
            look.transport_error = f"its process does not answer health checks: {error}" if error else ""
            look.transport_failures = look.transport_failures + 1 if error else 0
            ends = look.transport_failures == checks.failures and checks.restart != "never"
        if ends:
            self._unwell(look.run, f"did not answer {checks.failures} health checks in a row ({error})")

    def _itself_answered(self, look: _Look, asked: float | None, health: Health | None, error: str) -> None:
        with self._lock:
            if asked is None or look.itself_asked != asked:
                return
            look.itself_asked = None
            look.checked_at = time.time()
            look.own = health
            if health is not None and not health.healthy:
                error = health.error or "it says that it is not well"
            look.own_error = error
            look.own_failures = look.own_failures + 1 if error else 0
            ends = bool(error) and look.own_failures == look.most_own_failures
        if ends:
            self._unwell(look.run, f"said {look.own_failures} times in a row that it is not well ({error})")


@attrs.define(eq=False)
class _Look:
    """Results of one run's checks. ``process_asked``, ``itself_asked``: when a check began that has no answer yet."""

    run: Run
    process_due: float
    itself_due: float
    process_asked: float | None = None
    itself_asked: float | None = None
    checked_at: float | None = None
    transport: bool | None = None
    transport_error: str = ""
    transport_failures: int = 0
    own: Health | None = None
    own_error: str = ""
    own_failures: int = 0
    most_own_failures: int = 0

    def due(self, now: float, checks: HealthChecks) -> tuple[bool, bool]:
        """Whether checks of the process and of the plugin itself are due; records their beginning."""
        self.most_own_failures = checks.failures if checks.restart == "both" else 0
        ask_process = now >= self.process_due and self.process_asked is None
        if ask_process:
            self.process_asked, self.process_due = now, now + checks.interval_s
        ask_itself = now >= self.itself_due and self.itself_asked is None
        if ask_itself:
            self.itself_asked, self.itself_due = now, now + checks.own_interval_s
        return ask_process, ask_itself

    def overdue(self, now: float, checks: HealthChecks) -> tuple[bool, bool]:
        """Whether the check of the process, and that of the plugin itself, are overdue."""
        since = now - checks.timeout_s - OVERDUE_S
        return (
            self.process_asked is not None and self.process_asked <= since,
            self.itself_asked is not None and self.itself_asked <= since,
        )
