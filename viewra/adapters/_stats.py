"""Counts one plugin's calls, their errors and durations, by method."""

from __future__ import annotations

import bisect
import math
import threading
from collections import deque
from collections.abc import Mapping

import attrs

BOUNDS_S = tuple(0.0001 * 2 ** (step / 4) for step in range(85))
"""Upper bounds of the latency buckets, 0.1 ms to 210 s; each a fifth above the one before: a quantile's accuracy."""


@attrs.frozen
class HookStats:
    """One method's calls since the host opened.

    ``errors`` counts the calls that failed, by the error's class name (``{"PluginTimeout": 3}``). ``total_s`` is the
    sum of the calls' times in seconds, waiting for their turn included. ``buckets[i]`` counts the calls that took at
    most ``BOUNDS_S[i]`` seconds and more than the bound before; the last one, which has no bound, the rest.
    """

    calls: int = 0
    errors: Mapping[str, int] = attrs.field(factory=dict)
    total_s: float = 0.0
    max_s: float = 0.0
    buckets: tuple[int, ...] = (0,) * (len(BOUNDS_S) + 1)

    @property
    def failed(self) -> int:
        """The calls that failed, for whatever reason."""
        return sum(self.errors.values())

    def quantile_s(self, share: float) -> float:
        """The time in seconds within which this share (0 to 1) of the calls ended; 0 without calls.

        It is the upper bound of the bucket with the exact value, so never too low.
        """
        wanted = math.ceil(share * self.calls - 1e-6)  # 0.07 * 100 is more than 7 in floating point
        seen = 0
        for count, bound in zip(self.buckets, (*BOUNDS_S, self.max_s), strict=True):
            seen += count
            if count and seen >= wanted:
                return min(bound, self.max_s)
        return 0.0


_TALLY = 128  # calls noted before they are counted


class CallStats:
    """Counts calls. Thread-safe.

    A call is only noted when it ends, which costs almost nothing; about a hundred are counted together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._methods: dict[str, _Counts] = {}
        self._noted: deque[tuple[str, float, str | None]] = deque()  # appending and popping are thread-safe

    def record(self, method: str, seconds: float, error: BaseException | None) -> None:
        """Record a call that ended after ``seconds``, with or without ``error``."""
        self._noted.append((method, seconds, None if error is None else type(error).__name__))
        if len(self._noted) > _TALLY:
            with self._lock:
                self._count()

    def snapshot(self) -> dict[str, HookStats]:
        """The counts so far, by method."""
        with self._lock:
            self._count()
            return {
                method: HookStats(
                    counts.calls, dict(counts.errors), counts.total_s, counts.max_s, tuple(counts.buckets)
                )
                for method, counts in self._methods.items()
            }

    def _count(self) -> None:
        """Count the calls noted until now; more may arrive meanwhile."""
        for _ in range(len(self._noted)):
            method, seconds, error = self._noted.popleft()
            counts = self._methods.get(method)
            if counts is None:
                counts = self._methods[method] = _Counts()
            counts.calls += 1
            counts.total_s += seconds
            if seconds > counts.max_s:
                counts.max_s = seconds
            counts.buckets[bisect.bisect_left(BOUNDS_S, seconds)] += 1
            if error is not None:
                counts.errors[error] = counts.errors.get(error, 0) + 1


class _Counts:
    __slots__ = ("buckets", "calls", "errors", "max_s", "total_s")

    def __init__(self) -> None:
        self.calls = 0
        self.errors: dict[str, int] = {}
        self.total_s = self.max_s = 0.0
        self.buckets = [0] * (len(BOUNDS_S) + 1)
