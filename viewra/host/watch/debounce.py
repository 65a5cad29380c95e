"""Decides when to act on events that come in bursts: after a quiet period, or after a maximum delay."""

from __future__ import annotations

import math


class Debounce:
    """Due ``quiet_s`` seconds after the last mark, at the latest ``longest_s`` after the first.

    The caller passes all times, in seconds of one clock.
    """

    def __init__(self, quiet_s: float, longest_s: float) -> None:
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._latest = math.inf
        self.due = math.inf

    def mark(self, now: float) -> None:
        """Note an event."""
        self._latest = min(self._latest, now + self._longest_s)
        self.due = min(now + self._quiet_s, self._latest)

    def clear(self) -> None:
        """Note that the caller has acted."""
        self._latest = self.due = math.inf
