"""The host's log reports each failure of a plugin once, and shortens long traces."""

from __future__ import annotations

import logging

import pytest

from viewra.host.logs.log import PluginLog
from viewra.host.logs.telling import REMEMBERED, SAME_S, SHOWN_FIRST, SHOWN_LAST, Telling

PANIC = ["panic: boom", "", "goroutine 1 [running]:", *(f"main.f{number}()" for number in range(80)), "exit status 2"]


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def telling(now: list[float]) -> Telling:
    return Telling("x", lambda: now[0])


def test_a_long_trace_is_told_once_and_in_short(caplog: pytest.LogCaptureFixture) -> None:
    plugin_log = PluginLog("x")
    for _ in range(2):
        run = plugin_log.new_run()
        for line in PANIC:
            run.line("stderr", line)
        run.quiet()
        plugin_log.telling.failed("its process ended with exit status 2", PANIC[-20:])
    first, crash, again = (record for record in caplog.records if record.levelno == logging.ERROR)
    shown = first.fields["traceback"].split("\n")  # type: ignore[attr-defined]
    assert shown[:SHOWN_FIRST] == PANIC[:SHOWN_FIRST]
    assert shown[-SHOWN_LAST:] == PANIC[-SHOWN_LAST:]
    assert shown[SHOWN_FIRST] == f"… {len(PANIC) - SHOWN_FIRST - SHOWN_LAST} more lines: viewra plugins logs x"
    assert crash.getMessage() == "plugin x: its process ended with exit status 2"
    assert again.fields == {}  # type: ignore[attr-defined]
    assert plugin_log.records[0].fields["traceback"] == "\n".join(PANIC), "the plugin's own log has all of it"


def test_output_that_is_nowhere_else_goes_with_the_failure(telling: Telling, caplog: pytest.LogCaptureFixture) -> None:
    telling.failed("did not start", ["cannot go on"])
    assert caplog.messages == ["plugin x: did not start\nits last output:\ncannot go on"]


def test_ever_new_failures_fill_no_memory(telling: Telling) -> None:
    for number in range(3 * REMEMBERED):
        telling.failed(f"failure {number}")
        telling.fields("boom", {"traceback": f"line {number}\n" * 100})
    assert len(telling._failures) == len(telling._traces) == REMEMBERED


def test_the_same_failure_is_told_again_only_after_a_while(
    telling: Telling, now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for now[0] in (0.0, 1.0, SAME_S - 1, SAME_S + 1, SAME_S + 2):
        telling.failed("did not start: a setting is required")
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    telling.failed("did not start: another setting is required")
    assert caplog.records[-1].levelno == logging.ERROR
