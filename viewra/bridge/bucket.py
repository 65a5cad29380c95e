"""``Bucket``: a token bucket, which says how long to wait so that something is not done too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Bucket:
    """Fills with ``per_s`` tokens a second, up to ``burst``. Thread-safe; ``now`` is in seconds."""

    def __init__(self, per_s: float, burst: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.per_s = per_s
        self._burst = burst
        self._now = now
        self._lock = threading.Lock()
        self._tokens = burst
        self._at = now()

    def take(self, tokens: float = 1.0, *, within_s: float | None = None) -> float:
        """Take tokens; returns the seconds to wait before they may be used.

        If that were longer than ``within_s``, none are taken.
        """
        with self._lock:
            now, tokens_now = self._filled()
            left = tokens_now - tokens
            wait_s = self._at - now + max(0.0, -left / self.per_s)
            if within_s is None or wait_s <= within_s:
                self._tokens = left
            return wait_s

    @property
    def is_full(self) -> bool:
        """Whether it is as if nothing had ever been taken."""
        with self._lock:
            now, tokens = self._filled()
            return tokens >= self._burst and now >= self._at

    def pause(self, seconds: float) -> None:
        """Give no token for these seconds, and then one."""
        with self._lock:
            now, tokens = self._filled()
            self._tokens = min(tokens, 1.0)
            self._at = max(self._at, now + seconds)

    def _filled(self) -> tuple[float, float]:
        """The time, and the tokens that are there at ``_at``, which lies ahead in a pause."""
        now = self._now()
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.per_s)
            self._at = now
        return now, self._tokens
