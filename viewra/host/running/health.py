"""Asks one running plugin from time to time whether it is well: its process, and apart from that itself.

Nobody waits for an answer: checks of different plugins, and both of one, are under way at the same time, each with a
deadline of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import attrs

from viewra.adapters import BreakerState, Traffic
from viewra.host.running.run import Run
from viewra.host.running.status import Condition, HealthReport
from viewra.manifest import HealthChecks
from viewra.types import Health


class HealthWatch:
    """What is known of one plugin's health. ``unwell`` is told of a run that has to be ended, and why."""

    def __init__(self, plugin_id: str, traffic: Traffic, unwell: Callable[[Run, str], None]) -> None:
        self._plugin_id = plugin_id
        self._traffic = traffic
        self._unwell = unwell
        self._lock = threading.Lock()
        self._look = _Look(None)

    def report(self, run: Run | None) -> HealthReport:
        """What the last checks of this run said; nothing is asked."""
        with self._lock:
            look = self._look
            if run is None or look.run is not run or look.checked_at is None:
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
            return HealthReport(condition, not look.transport_error, own, error, look.checked_at)

    def tick(self, run: Run, checks: HealthChecks) -> None:
        """Ask what is due."""
        now = time.monotonic()
        with self._lock:
            if self._look.run is not run:  # a fresh process was proven just now
                self._look = _Look(run, now + checks.interval_s, now + checks.interval_s)
            look = self._look
            ask_process, ask_itself = look.due(now, checks)
        if ask_process:
            run.check(lambda error: self._process_answered(look, checks, error))
        if ask_itself:
            run.own_health(lambda health, error: self._itself_answered(look, health, error))

    def _process_answered(self, look: _Look, checks: HealthChecks, error: str) -> None:
        with self._lock:
            look.process_asked = False
            look.checked_at = time.time()
            look.transport_error = f"its process does not answer health checks: {error}" if error else ""
            look.transport_failures = look.transport_failures + 1 if error else 0
            ends = look.transport_failures == checks.failures and checks.restart != "never"
        if ends and look.run is not None:
            self._unwell(look.run, f"did not answer {checks.failures} health checks in a row ({error})")

    def _itself_answered(self, look: _Look, health: Health | None, error: str) -> None:
        with self._lock:
            look.itself_asked = False
            look.checked_at = time.time()
            look.own = health
            if health is not None and not health.healthy:
                error = health.error or "it says that it is not well"
            look.own_error = error
            look.own_failures = look.own_failures + 1 if error else 0
            ends = bool(error) and look.own_failures == look.most_own_failures
        if ends and look.run is not None:
            self._unwell(look.run, f"said {look.own_failures} times in a row that it is not well ({error})")


@attrs.define(eq=False)
class _Look:
    """What the checks of one run said."""

    run: Run | None
    process_due: float = 0.0
    itself_due: float = 0.0
    process_asked: bool = False
    itself_asked: bool = False
    checked_at: float | None = None
    transport_error: str = ""
    transport_failures: int = 0
    own: Health | None = None
    own_error: str = ""
    own_failures: int = 0
    most_own_failures: int = 0

    def due(self, now: float, checks: HealthChecks) -> tuple[bool, bool]:
        """Whether the process, and the plugin itself, are to be asked now; notes that they are."""
        self.most_own_failures = checks.failures if checks.restart == "both" else 0
        ask_process = now >= self.process_due and not self.process_asked
        if ask_process:
            self.process_asked, self.process_due = True, now + checks.interval_s
        ask_itself = now >= self.itself_due and not self.itself_asked
        if ask_itself:
            self.itself_asked, self.itself_due = True, now + checks.own_interval_s
        return ask_process, ask_itself
