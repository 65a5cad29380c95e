"""A circuit breaker: a plugin with repeated time-outs gets no calls for a while.

Only time-outs count: a plugin that answers, even with an error, works, and the supervisor handles one that ended.
"""

from __future__ import annotations

import enum
import itertools
import threading
import time
from collections.abc import Callable

THRESHOLD = 5
"""Time-outs in a row that open the breaker."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 300.0
"""How long it stays open; the pause doubles each time the probing call times out, too."""


class BreakerState(enum.StrEnum):
    """CLOSED: calls are made; OPEN: none is; HALF_OPEN: one is, and decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """One plugin's breaker. Thread-safe. ``clock`` returns seconds.

    Each call has a number, which distinguishes the end of the probing call from the ends of calls that began long
    before.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._open_until: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._numbers = itertools.count(1)
        self._since = 0  # the last number of calls to an earlier process
        self._probe = 0  # the number of the probing call

    @property
    def state(self) -> BreakerState:
        """The breaker's treatment of the next call."""
        with self._lock:
            if self._open_until is None:
                return BreakerState.CLOSED
            waiting = self._clock() < self._open_until
            return BreakerState.OPEN if waiting else BreakerState.HALF_OPEN

    def ask(self) -> int | str:
        """The number of a call that may go through now, for ``settle`` at its end, or why it may not."""
        if self._open_until is None and not self._probe:  # the usual case, without a lock
            return next(self._numbers)
        with self._lock:
            left = self._open_until - self._clock() if self._open_until is not None else 0.0
            if left > 0 or self._probe:
                when = f"it is tried again in {max(1, round(left))} s" if left > 0 else "one call tries it right now"
                return f"is not asked, because its last {self._in_a_row} calls ran out of time; {when}"
            number = next(self._numbers)
            if self._open_until is not None:
                self._probe = number
            return number

    def settle(self, number: int, *, answered: bool | None) -> None:
        """Record the end of a call: answered (True), timed out (False), or otherwise (None)."""
        if answered and not self._in_a_row:
            return
        with self._lock:
            if number <= self._since:
                return
            probed = number == self._probe
            if probed or answered:  # any call: the plugin answers again
                self._probe = 0
            if answered:
                self._in_a_row = 0
                self._open_until = None
                self._pause_s = FIRST_PAUSE_S
            elif answered is False:
                self._in_a_row += 1
                if probed and self._open_until is not None:
                    self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
                if self._in_a_row >= THRESHOLD and (self._open_until is None or probed):
                    self._open_until = self._clock() + self._pause_s

    def reset(self) -> None:
        """Close the breaker: another process answers from now on."""
        with self._lock:
            self._in_a_row = 0
            self._open_until = None
            self._pause_s = FIRST_PAUSE_S
            self._probe = 0
            self._since = next(self._numbers)
