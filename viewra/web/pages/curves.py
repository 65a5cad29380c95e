"""The curves of a plugin's charts: what its processes use, and its calls from one look to the next."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence

import attrs

from viewra.adapters import HookStats
from viewra.host.plugin import Plugin

KEPT = 300
"""How many looks are kept for each plugin."""
EVERY_S = 1.5
"""Seconds between two of them at least: several may look at the same time."""

Curves = Mapping[str, Sequence[Sequence[float | None]]]


@attrs.frozen
class _Look:
    """What a plugin's calls came to at a moment; ``at`` in seconds since the epoch."""

    at: float
    calls: int
    errors: int
    buckets: tuple[int, ...]
    longest_s: float


class Traffic:
    """Remembers what was seen of plugins' calls as long as somebody looks. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: dict[str, deque[_Look]] = {}

    def curves(self, plugin: Plugin) -> Curves:
        """The curves by the names of the charts: times first, then the values, None where there are none."""
        stats = plugin.stats
        with self._lock:
            looks = self._looks.setdefault(plugin.id, deque(maxlen=KEPT))
            now = time.time()
            if not looks or now - looks[-1].at >= EVERY_S:
                looks.append(_look(now, stats.hooks))
            seen = list(looks)
        samples = stats.resources
        at = [sample.at for sample in samples]
        steps = [_step(before, after) for before, after in itertools.pairwise(seen)]
        times = [look.at for look in seen[1:]]
        return {
            "cpu": [at, [sample.cpu_percent for sample in samples]],
            "memory": [at, [sample.rss_bytes for sample in samples]],
            "calls": [times, [step.calls for step in steps], [step.errors for step in steps]],
            "latency": [times, [step.p50 for step in steps], [step.p99 for step in steps]],
        }


@attrs.frozen
class _Step:
    """Calls and errors a second, and how long calls took; None without a call."""

    calls: float
    errors: float
    p50: float | None
    p99: float | None


def _look(now: float, hooks: Mapping[str, HookStats]) -> _Look:
    buckets: Counter[int] = Counter()
    for one in hooks.values():
        for index, number in enumerate(one.buckets):
            buckets[index] += number
    return _Look(
        at=now,
        calls=sum(one.calls for one in hooks.values()),
        errors=sum(one.failed for one in hooks.values()),
        buckets=tuple(buckets[index] for index in range(len(HookStats().buckets))),
        longest_s=max((one.max_s for one in hooks.values()), default=0.0),
    )


def _step(before: _Look, after: _Look) -> _Step:
    seconds = after.at - before.at
    calls = max(0, after.calls - before.calls)
    between = tuple(max(0, new - old) for old, new in zip(before.buckets, after.buckets, strict=True))
    spread = HookStats(calls=sum(between), max_s=after.longest_s, buckets=between)
    return _Step(
        calls=round(calls / seconds, 3),
        errors=round(max(0, after.errors - before.errors) / seconds, 3),
        p50=spread.quantile_s(0.5) if spread.calls else None,
        p99=spread.quantile_s(0.99) if spread.calls else None,
    )
