"""The table of ``viewra plugins stats``: what its cells say, and how it fits a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from viewra.adapters import CallStats
from viewra.cli._plugins_stats import Figures, _size, _tables, _time
from viewra.host.admin import describe
from viewra.host.admin.present import as_json
from viewra.host.running.status import Condition, HealthReport, PluginStats, ResourceSample
from viewra.types import PluginState

SAMPLE = ResourceSample(1.0, 87.4, 50 * 2**20, 9, 31, 2, 5 * 2**30, 123)


def figures(plugin_id: str, stats: PluginStats) -> dict[str, Any]:
    row: dict[str, Any] = as_json(describe.figures(plugin_id, stats))
    return row


def busy() -> PluginStats:
    calls = CallStats()
    for _ in range(98):
        calls.record("search", 0.02, None)
    calls.record("search", 2.0, TimeoutError())
    calls.record("can_handle", 0.0002, None)
    report = HealthReport(Condition.DEGRADED, True, False, "no")
    return PluginStats(
        PluginState.RUNNING, 12, 1.0, in_flight=2, queued=3, breaker="open", health=report,
        hooks=calls.snapshot(), resources=(SAMPLE,),
    )  # fmt: skip


def test_the_cells_of_a_running_plugin() -> None:
    table, hooks = _tables([figures("x\x1b[31m", busy())], "x")
    cells = dict(zip(table.header, table.rows[0], strict=True))
    assert cells["ID"] == r"x\x1b[31m"
    assert (cells["STATE"], cells["PID"], cells["CPU"], cells["RSS"]) == ("running", "12", "87%", "50 MiB")
    assert (cells["THREADS"], cells["FILES"], cells["READ"], cells["WRITTEN"]) == ("9", "31", "5.0 GiB", "123 B")
    assert (cells["CALLS"], cells["ERRORS"], cells["ACTIVE"], cells["QUEUED"]) == ("100", "1", "2", "3")
    assert (cells["P50"], cells["BREAKER"], cells["HEALTH"]) == ("22 ms", "open", "degraded")
    assert [row[0] for row in hooks.rows] == ["can_handle", "search"]
    assert hooks.rows[1] == ["search", "99", "1", "22 ms", "22 ms", "2.0 s", "2.0 s", "1 TimeoutError"]


def test_one_that_does_not_run_has_no_process() -> None:
    (table,) = _tables([figures("x", PluginStats(PluginState.READY, resources=(SAMPLE,)))], "x")
    assert table.rows[0][1:9] == ["ready", *"-------"]
    assert table.rows[0][-1] == "-"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_a_narrow_terminal_gets_the_columns_that_matter(width: int) -> None:
    table = _tables([figures("audio_tags", busy())], "")[0]
    fitted = table.fitted(width)
    assert all(len(row) == len(fitted.header) for row in fitted.rows)
    assert list(fitted.header) == [name for name in table.header if name in fitted.header]
    assert {"ID", "STATE", "CPU", "RSS", "CALLS", "ERRORS", "P99"} <= set(fitted.header)
    assert fitted._width() <= width or not fitted.optional
    assert (fitted.header == table.header) == (table._width() <= width)


def test_as_many_columns_as_fit() -> None:
    figures = Figures(("ID", "A", "B"), [("1", "22", "3")], ("B", "A"))
    assert figures.fitted(9).header == ("ID", "A", "B")
    assert list(figures.fitted(8).header) == ["ID", "A"]
    assert list(figures.fitted(1).header) == ["ID"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (34 * 2**20, "34 MiB"), (3 * 2**40, "3072.0 GiB")],
)
def test_sizes(count: int, text: str) -> None:
    assert _size(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0004, "0.4 ms"), (0.012, "12 ms"), (1.54, "1.5 s")])
def test_times(seconds: float, text: str) -> None:
    assert _time({"calls": 1, "t": seconds}, "t") == text
    assert _time({"calls": 0, "t": 0.0}, "t") == "-"
