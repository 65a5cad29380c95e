"""Health checks of plugins run concurrently; the process's health and the plugin's own are separate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import attrs
import pytest

from viewra.errors import NotOffered, PluginFault, PluginTimeout, PluginUnavailable
from viewra.host import Plugin
from viewra.host.admin.health_check import check_health
from viewra.host.admin.present import as_json
from viewra.host.running.status import HealthReport, PluginStats
from viewra.types import Health, PluginState


@attrs.define
class Fake:
    """A plugin that answers as it is told."""

    id: str = "x"
    state: PluginState = PluginState.RUNNING
    says: Callable[[], Health] = lambda: Health(True)
    reason: str = ""
    breaker: str = "closed"
    health_report: HealthReport = attrs.field(factory=HealthReport)

    @property
    def stats(self) -> PluginStats:
        return PluginStats(self.state, breaker=self.breaker)

    def health(self) -> Health:
        return self.says()


def check(*plugins: Fake) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = as_json(check_health(cast("list[Plugin]", list(plugins))))
    return rows


def raising(error: Exception) -> Callable[[], Health]:
    def health() -> Health:
        raise error

    return health


@pytest.mark.parametrize(
    ("says", "transport", "own", "condition", "error"),
    [
        (lambda: Health(True), True, True, "healthy", ""),
        (lambda: Health(False, "no site"), True, False, "degraded", "no site"),
        (lambda: Health(False), True, False, "degraded", "it gives no reason"),
        (raising(NotOffered("x", "not offered")), True, None, "healthy", ""),
        (raising(PluginFault("x", "ValueError: no")), True, False, "degraded", "ValueError: no"),
        (raising(PluginTimeout("x", "did not answer within 5 s")), None, None, "degraded", "did not answer within 5 s"),
        (raising(PluginUnavailable("x", "its process is gone")), False, None, "unhealthy", "its process is gone"),
    ],
    ids=["well", "not well", "does not say why", "not offered", "fault", "timeout", "gone"],
)
def test_a_running_plugin(
    says: Callable[[], Health], transport: bool | None, own: bool | None, condition: str, error: str
) -> None:
    (row,) = check(Fake(says=says))
    assert (row["transport"], row["own"], row["condition"], row["error"]) == (transport, own, condition, error)
    assert row["well"] == (condition == "healthy")


def test_a_process_that_hangs_is_told_from_a_site_that_hangs() -> None:
    late = raising(PluginTimeout("x", "did not answer within 5 s"))
    (row,) = check(Fake(says=late, health_report=HealthReport(transport=False)))
    assert (row["transport"], row["condition"]) == (False, "unhealthy")


def test_an_open_breaker_is_not_well() -> None:
    (row,) = check(Fake(breaker="open"))
    assert (row["own"], row["condition"], row["well"]) == (True, "degraded", False)
    assert "breaker is open" in row["error"]


@pytest.mark.parametrize("state", [state for state in PluginState if state is not PluginState.RUNNING])
def test_one_that_does_not_run_is_not_asked(state: PluginState) -> None:
    (row,) = check(Fake(state=state, says=raising(AssertionError("it was asked")), reason="why"))
    assert (row["transport"], row["own"], row["condition"]) == (None, None, "unknown")
    broken = state in {PluginState.CRASHED, PluginState.BACKOFF, PluginState.QUARANTINED}
    assert (row["well"], row["error"]) == (not broken, "why" if broken else "")


def test_all_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(3)

    def says() -> Health:
        together.wait(60)
        return Health(True)

    assert [row["id"] for row in check(*(Fake(id=name, says=says) for name in "abc"))] == ["a", "b", "c"]
    assert check() == []
