"""The metrics of all plugins in Prometheus' text format; docs/metrics.md lists them.

Imported only for metrics: prometheus-client takes a while to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from viewra.adapters import BOUNDS_S, HookStats
from viewra.host.running.status import Condition, PluginStats, ResourceSample
from viewra.process.plan import OriginKind
from viewra.types import PluginState

_BUCKETS = (8, 16, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80)
"""The reported ones among ``BOUNDS_S``, 0.4 ms to 105 s: every second doubling, and all where most calls are."""

_BREAKER_STATES = ("closed", "half-open", "open")


def metrics_text(stats: Mapping[str, PluginStats]) -> str:
    """The metrics of the plugins, by id, in Prometheus' text format, version 0.0.4.

    Serve it as ``text/plain; version=0.0.4; charset=utf-8``.
    """
    registry = CollectorRegistry()
    registry.register(_Collector(stats))
    return generate_latest(registry).decode()


class _Collector:
    """The collector that prometheus-client calls."""

    def __init__(self, stats: Mapping[str, PluginStats]) -> None:
        self._stats = dict(sorted(stats.items()))

    def collect(self) -> Iterator[Metric]:
        """Every metric, even without a value at present."""
        yield from self._calls()
        yield from self._host_calls()
        yield from self._plugins()
        yield from self._resources()

    def _host_calls(self) -> Iterator[Metric]:
        asked = [
            (plugin_id, service, figures)
            for plugin_id, stats in self._stats.items()
            for service, figures in sorted(stats.host_calls.items())
        ]
        yield _counter(
            "viewra_plugin_host_calls_total",
            "Calls of host services by a plugin that ended, with or without an error.",
            ["plugin", "service"],
            (([plugin_id, service], figures.calls) for plugin_id, service, figures in asked),
        )
        yield _counter(
            "viewra_plugin_host_call_errors_total",
            "Calls of host services by a plugin that failed, by the kind of error.",
            ["plugin", "service", "error"],
            (
                ([plugin_id, service, error], count)
                for plugin_id, service, figures in asked
                for error, count in sorted(figures.errors.items())
            ),
        )
        yield _counter(
            "viewra_plugin_fetched_bytes_total",
            "Bytes that the host received from the network for a plugin.",
            ["plugin"],
            (([plugin_id], stats.fetched_bytes) for plugin_id, stats in self._stats.items()),
        )

    def _calls(self) -> Iterator[Metric]:
        hooks = [
            (plugin_id, hook, figures)
            for plugin_id, stats in self._stats.items()
            for hook, figures in sorted(stats.hooks.items())
        ]
        yield _counter(
            "viewra_plugin_calls_total",
            "Calls of a plugin that ended, with or without an error.",
            ["plugin", "hook"],
            (([plugin_id, hook], figures.calls) for plugin_id, hook, figures in hooks),
        )
        yield _counter(
            "viewra_plugin_call_errors_total",
            "Calls of a plugin that failed, by the kind of error.",
            ["plugin", "hook", "error"],
            (
                ([plugin_id, hook, error], count)
                for plugin_id, hook, figures in hooks
                for error, count in sorted(figures.errors.items())
            ),
        )
        seconds = HistogramMetricFamily(
            "viewra_plugin_call_seconds",
            "Duration of a plugin's calls, in seconds, including the time in line.",
            labels=["plugin", "hook"],
        )
        for plugin_id, hook, figures in hooks:
            seconds.add_metric([plugin_id, hook], _buckets(figures), figures.total_s)
        yield seconds

    def _plugins(self) -> Iterator[Metric]:
        yield self._gauge(
            "viewra_plugin_up",
            "1 while the plugin runs, else 0, also while it is idle.",
            lambda stats: float(stats.state is PluginState.RUNNING),
        )
        yield self._one_of(
            "viewra_plugin_state",
            "1 for the plugin's present state, 0 for the others.",
            "state",
            PluginState,
            lambda stats: stats.state,
        )
        yield self._one_of(
            "viewra_plugin_health",
            "1 for the plugin's last known condition, 0 for the others; unknown: it does not run.",
            "condition",
            Condition,
            lambda stats: stats.health.condition,
        )
        yield self._one_of(
            "viewra_plugin_breaker",
            "1 for the state of the plugin's circuit breaker, 0 for the others; open: it gets no calls.",
            "state",
            _BREAKER_STATES,
            lambda stats: stats.breaker,
        )
        yield _gauge(
            "viewra_plugin_processes_by_origin",
            "Processes of the plugin by how the host came to them: spawn, zygote or attach.",
            ["plugin", "origin"],
            (
                ([one, kind], float(sum(run.origin.kind == kind for run in stats.runs)))
                for one, stats in self._stats.items()
                for kind in get_args(OriginKind)
            ),
        )
        yield self._gauge("viewra_plugin_in_flight", "Calls in flight.", lambda stats: stats.in_flight)
        yield self._gauge("viewra_plugin_queued", "Calls in line.", lambda stats: stats.queued)
        for name, text, value in _COUNTS:
            yield _counter(
                name, text, ["plugin"], (([plugin_id], value(one)) for plugin_id, one in self._stats.items())
            )

    def _resources(self) -> Iterator[Metric]:
        running = {one: stats for one, stats in self._stats.items() if stats.pid is not None}
        yield _gauge(
            "viewra_plugin_start_time_seconds",
            "When the plugin's present process started, in seconds since 1970.",
            ["plugin"],
            (([one], stats.started_at) for one, stats in running.items() if stats.started_at is not None),
        )
        samples = [([one], stats.resources[-1]) for one, stats in running.items() if stats.resources]
        for name, text, value in _RESOURCES:
            make = _counter if name.endswith("_total") else _gauge
            yield make(name, text, ["plugin"], ((labels, value(sample)) for labels, sample in samples))

    def _gauge(self, name: str, text: str, value: Callable[[PluginStats], float]) -> Metric:
        return _gauge(name, text, ["plugin"], (([one], value(stats)) for one, stats in self._stats.items()))

    def _one_of(
        self, name: str, text: str, label: str, values: Iterable[str], value: Callable[[PluginStats], str]
    ) -> Metric:
        """One series per possible value, so that a query can tell how long and in what order."""
        return _gauge(
            name,
            text,
            ["plugin", label],
            (([one, str(each)], float(value(stats) == each)) for one, stats in self._stats.items() for each in values),
        )


_COUNTS: tuple[tuple[str, str, Callable[[PluginStats], float]], ...] = (
    ("viewra_plugin_starts_total", "Starts of the plugin's process.", lambda stats: stats.starts),
    ("viewra_plugin_crashes_total", "Processes of the plugin that ended unexpectedly.", lambda stats: stats.crashes),
    ("viewra_plugin_reloads_total", "Reloads of the plugin's code.", lambda stats: stats.reloads),
)

_RESOURCES: tuple[tuple[str, str, Callable[[ResourceSample], float]], ...] = (
    (
        "viewra_plugin_cpu_ratio",
        "Processor time of the plugin's processes: 1 is one full core.",
        lambda sample: sample.cpu_percent / 100,
    ),
    (
        "viewra_plugin_resident_memory_bytes",
        "Memory of the plugin's processes; shared memory counts for each.",
        lambda sample: sample.rss_bytes,
    ),
    ("viewra_plugin_threads", "Threads of the plugin's processes.", lambda sample: sample.threads),
    ("viewra_plugin_open_fds", "Open file descriptors of the plugin's processes.", lambda sample: sample.open_files),
    ("viewra_plugin_processes", "The plugin's process and its descendants.", lambda sample: sample.processes),
    (
        "viewra_plugin_read_bytes_total",
        "Bytes that the plugin's processes read from storage since the plugin started.",
        lambda sample: sample.read_bytes,
    ),
    (
        "viewra_plugin_written_bytes_total",
        "Bytes that the plugin's processes wrote to storage since the plugin started.",
        lambda sample: sample.written_bytes,
    ),
)


def _buckets(figures: HookStats) -> list[tuple[str, float]]:
    """Prometheus' cumulative counts, exact since each reported bound is one of ours."""
    counts = [(str(BOUNDS_S[index]), float(sum(figures.buckets[: index + 1]))) for index in _BUCKETS]
    return [*counts, ("+Inf", float(figures.calls))]


def _counter(name: str, text: str, labels: list[str], values: Iterable[tuple[list[str], float]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for one, value in values:
        family.add_metric(one, value)
    return family


def _gauge(name: str, text: str, labels: list[str], values: Iterable[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for one, value in values:
        family.add_metric(one, value)
    return family
