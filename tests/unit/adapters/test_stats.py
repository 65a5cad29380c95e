"""Counting calls: no count is lost between threads, and quantiles are as exact as the buckets."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewra.adapters import BOUNDS_S, CallStats, HookStats
from viewra.errors import PluginTimeout

SECONDS = st.one_of(st.floats(0, 1000), st.sampled_from(BOUNDS_S))
WIDTH = 2**0.25 + 1e-9
"""How much longer the upper bound of a bucket is than its lower one."""


def counted(times: list[float], error: BaseException | None = None) -> HookStats:
    stats = CallStats()
    for seconds in times:
        stats.record("search", seconds, error)
    return stats.snapshot().get("search", HookStats())


def exact(times: list[float], percent: int) -> float:
    """The shortest time within which this share of the calls ended."""
    return sorted(times)[max(0, math.ceil(percent * len(times) / 100) - 1)]


@given(st.lists(SECONDS, min_size=1, max_size=200), st.integers(0, 100))
def test_a_quantile_is_within_a_bucket_of_the_exact_one(times: list[float], percent: int) -> None:
    found = counted(times).quantile_s(percent / 100)
    wanted = exact(times, percent)
    assert wanted <= found <= max(times)
    if wanted < BOUNDS_S[0]:
        assert found <= BOUNDS_S[0]
    elif wanted <= BOUNDS_S[-1]:
        assert found <= wanted * WIDTH


def test_a_share_that_floating_point_makes_a_little_larger() -> None:
    times = [0.001] * 7 + [10.0] * 93
    assert 0.07 * 100 > 7
    assert counted(times).quantile_s(0.07) < 0.002


def test_no_calls_have_no_times() -> None:
    assert HookStats().quantile_s(0.5) == 0.0
    assert HookStats().failed == 0
    assert CallStats().snapshot() == {}


@given(st.lists(SECONDS, max_size=100))
def test_each_call_is_in_its_bucket(times: list[float]) -> None:
    stats = counted(times)
    assert stats.calls == len(times) == sum(stats.buckets)
    assert stats.max_s == max(times, default=0.0)
    assert stats.total_s == pytest.approx(sum(times))
    for index, bound in enumerate(BOUNDS_S):
        assert sum(stats.buckets[: index + 1]) == sum(seconds <= bound for seconds in times)


def test_errors_are_counted_by_their_kind() -> None:
    stats = CallStats()
    stats.record("search", 0.1, None)
    stats.record("search", 0.1, PluginTimeout("x", "late"))
    stats.record("search", 0.1, PluginTimeout("x", "late"))
    stats.record("search", 0.1, ValueError())
    stats.record("info", 0.1, None)
    found = stats.snapshot()
    assert found["search"].errors == {"PluginTimeout": 2, "ValueError": 1}
    assert (found["search"].calls, found["search"].failed) == (4, 3)
    assert found["info"].errors == {}


def test_a_snapshot_stays_as_it_is() -> None:
    stats = CallStats()
    stats.record("search", 0.1, ValueError())
    before = stats.snapshot()["search"]
    stats.record("search", 5.0, ValueError())
    assert (before.calls, before.errors, sum(before.buckets), before.max_s) == (1, {"ValueError": 1}, 1, 0.1)


def test_counts_add_up_under_threads() -> None:
    stats = CallStats()
    threads, each = 8, 2000
    together = threading.Barrier(threads)

    def work(number: int) -> None:
        together.wait(60)
        for index in range(each):
            stats.record(f"hook{index % 3}", 0.25, ValueError() if number % 2 else None)
            if index % 100 == 0:
                for one in stats.snapshot().values():
                    assert sum(one.buckets) == one.calls >= one.failed

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, number) for number in range(threads)]:
            done.result()
    found = stats.snapshot().values()
    assert sum(one.calls for one in found) == threads * each
    assert sum(one.failed for one in found) == threads * each / 2
    assert sum(one.total_s for one in found) == threads * each * 0.25  # a power of two: the sum is exact
