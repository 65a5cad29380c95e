"""When to act on something that comes in bursts: after a pause, but not only when it ends for good."""

from __future__ import annotations

import math


class Debounce:
    """Due ``quiet_s`` seconds after the last mark, at the latest ``longest_s`` after the first; never without a mark.

    All times are the caller's, in seconds by one clock.
    """

    def __init__(self, quiet_s: float, longest_s: float) -> None:
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._latest = math.inf
        self.due = math.inf

    def mark(self, now: float) -> None:
        """It happened."""
        self._latest = min(self._latest, now + self._longest_s)
        self.due = min(now + self._quiet_s, self._latest)

    def clear(self) -> None:
        """It was acted upon."""
        self._latest = self.due = math.inf
