"""The text that Prometheus reads, read back by its own parser."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from viewra.adapters import BOUNDS_S, CallStats, HookStats
from viewra.errors import PermissionDenied, PluginTimeout
from viewra.host.admin.metrics import metrics_text
from viewra.host.running.status import Condition, HealthReport, PluginStats, ResourceSample
from viewra.types import PluginState

DOCUMENT = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")

OLD = ResourceSample(1.0, 10.0, 1, 1, 1, 1, 1, 1)
SAMPLE = ResourceSample(2.0, 150.0, 50_000_000, 9, 12, 2, 4096, 8192)


def read(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(families: Mapping[str, Metric], name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name: their labels' values, in order of the labels' names, and what they are."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name
    }


def calls(*times: float) -> dict[str, HookStats]:
    stats = CallStats()
    for seconds in times:
        stats.record("search", seconds, None)
    return stats.snapshot()


@pytest.fixture
def families() -> dict[str, Metric]:
    counted = CallStats()
    counted.record("search", 0.01, None)
    counted.record("search", 0.5, PluginTimeout("one", "late"))
    counted.record("info", 0.001, ValueError())
    asked = CallStats()
    asked.record("kv.get", 0.001, None)
    asked.record("kv.get", 0.001, PermissionDenied("no"))
    one = PluginStats(
        PluginState.RUNNING,
        pid=4711,
        started_at=1_700_000_000.5,
        starts=3,
        crashes=1,
        reloads=2,
        in_flight=4,
        queued=5,
        breaker="half-open",
        health=HealthReport(Condition.DEGRADED),
        hooks=counted.snapshot(),
        host_calls=asked.snapshot(),
        resources=(OLD, SAMPLE),
    )
    two = PluginStats(PluginState.QUARANTINED, resources=(OLD,))
    return read(metrics_text({"two": two, "one": one}))


def test_calls_of_host_services(families: dict[str, Metric]) -> None:
    (calls,) = families["viewra_plugin_host_calls"].samples
    (errors,) = families["viewra_plugin_host_call_errors"].samples
    assert (calls.labels, calls.value) == ({"plugin": "one", "service": "kv.get"}, 2)
    assert (errors.labels["error"], errors.value) == ("PermissionDenied", 1)


def test_calls_and_errors(families: dict[str, Metric]) -> None:
    assert values(families, "viewra_plugin_calls_total") == {("search", "one"): 2, ("info", "one"): 1}
    assert values(families, "viewra_plugin_call_errors_total") == {
        ("PluginTimeout", "search", "one"): 1,
        ("ValueError", "info", "one"): 1,
    }
    assert values(families, "viewra_plugin_call_seconds_count") == {("search", "one"): 2, ("info", "one"): 1}
    assert values(families, "viewra_plugin_call_seconds_sum")["search", "one"] == pytest.approx(0.51)
    assert families["viewra_plugin_call_seconds"].type == "histogram"
    assert families["viewra_plugin_calls"].type == "counter"


def test_states(families: dict[str, Metric]) -> None:
    assert values(families, "viewra_plugin_up") == {("one",): 1, ("two",): 0}
    for name, of_one, of_two, possible in (
        ("viewra_plugin_state", "running", "quarantined", set(PluginState)),
        ("viewra_plugin_breaker", "half-open", "closed", {"closed", "half-open", "open"}),
    ):
        found = values(families, name)
        assert {labels for labels, value in found.items() if value == 1} == {("one", of_one), ("two", of_two)}
        assert set(found) == {(plugin, str(state)) for plugin in ("one", "two") for state in possible}
        assert set(found.values()) == {0, 1}
    health = values(families, "viewra_plugin_health")
    assert {labels for labels, value in health.items() if value == 1} == {("degraded", "one"), ("unknown", "two")}
    assert len(health) == 2 * len(Condition)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("viewra_plugin_starts_total", 3),
        ("viewra_plugin_crashes_total", 1),
        ("viewra_plugin_reloads_total", 2),
        ("viewra_plugin_in_flight", 4),
        ("viewra_plugin_queued", 5),
    ],
)
def test_counts(families: dict[str, Metric], name: str, value: float) -> None:
    assert values(families, name) == {("one",): value, ("two",): 0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("viewra_plugin_start_time_seconds", 1_700_000_000.5),
        ("viewra_plugin_cpu_ratio", 1.5),
        ("viewra_plugin_resident_memory_bytes", 50_000_000),
        ("viewra_plugin_threads", 9),
        ("viewra_plugin_open_fds", 12),
        ("viewra_plugin_processes", 2),
        ("viewra_plugin_read_bytes_total", 4096),
        ("viewra_plugin_written_bytes_total", 8192),
    ],
)
def test_resources_are_the_last_ones_and_only_of_what_runs(
    families: dict[str, Metric], name: str, value: float
) -> None:
    assert values(families, name) == {("one",): value}


TIMES = st.lists(st.one_of(st.floats(0, 500), st.sampled_from(BOUNDS_S)), max_size=50)


@given(TIMES)
def test_buckets_are_exact_and_cumulative(times: list[float]) -> None:
    families = read(metrics_text({"one": PluginStats(PluginState.RUNNING, hooks=calls(*times))}))
    found = values(families, "viewra_plugin_call_seconds_bucket")
    assert len(found) == (14 if times else 0)
    for (_, bound, _), count in found.items():
        exact = min(BOUNDS_S, key=lambda one: abs(one - float(bound))) if bound != "+Inf" else math.inf
        assert math.isclose(exact, float(bound), rel_tol=1e-15)
        assert count == sum(one <= exact for one in times)


def test_no_plugins() -> None:
    assert all(family.samples == [] for family in read(metrics_text({})).values())


def test_every_metric_is_documented_with_its_type_and_labels(families: dict[str, Metric]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (?:((?:`\w+`(?:, )?)*) ?\| )?", DOCUMENT, re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"\w+", labels)) | {"plugin"}) for name, kind, labels in rows}
    emitted = {
        (name if family.type != "counter" else f"{name}_total"): (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for name, family in families.items()
    }
    assert documented == emitted
    assert all(family.documentation.endswith(".") for family in families.values())
