"""Reports of packages on their way."""

from __future__ import annotations

import pytest

from viewra.host.packages.arriving import EVERY_S, Arrivals, Arriving


def test_reports_are_few_and_the_end_is_one() -> None:
    now, told = [0.0], list[Arriving]()
    arrivals = Arrivals(clock=lambda: now[0])
    arrivals.watch(told.append)
    with arrivals.of("lyrics") as report:
        for done in range(10, 100, 10):
            report(done, 100)
        now[0] = EVERY_S
        report(95, 100)
        report(96, 100)
        report(100, 100)
    assert [(one.done, one.status) for one in told] == [
        (10, "running"),
        (95, "running"),
        (100, "running"),
        (100, "completed"),
    ]


def _broken(_report: Arriving) -> None:
    raise LookupError


def test_nothing_is_reported_of_nothing_and_a_watcher_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    told = list[Arriving]()
    arrivals = Arrivals()
    arrivals.watch(_broken)
    arrivals.watch(told.append)
    with arrivals.of("lyrics"):
        pass
    assert told == []
    try:
        with arrivals.of("lyrics") as report:
            report(1, None)
            raise KeyError
    except KeyError:
        pass
    assert [one.status for one in told] == ["running", "failed"]
    assert "a watcher of packages failed" in caplog.text
