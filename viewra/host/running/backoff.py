"""Decides when a crashed plugin is started again: after pauses that double, with jitter, up to a number of crashes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from viewra.manifest import Restart

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 60.0
JITTER = 0.25
"""A pause varies randomly by up to this share, so that plugins that crashed together do not restart together."""
LONGEST_WAIT_S = 5.0
"""Seconds that a call waits at most for a restart after a crash; it fails at once if the pause is longer."""


class Backoff:
    """Counts one plugin's crashes under its manifest's ``runtime.restart``, and holds its current pause.

    ``now`` returns seconds, ``chance`` a number from 0 to 1. Not thread-safe: the pool calls it under its lock.
    """

    def __init__(
        self, policy: Restart, *, now: Callable[[], float], chance: Callable[[], float] = random.random
    ) -> None:
        self.policy = policy
        self._now = now
        self._chance = chance
        self._crashes: deque[float] = deque()
        self._in_a_row = 0
        self._retry_at = 0.0
        self._awaited = False

    def crashed(self, ran_s: float = 0.0) -> float | None:
        """Count a crash after ``ran_s`` seconds; returns the pause in seconds, None if there were too many crashes."""
        now = self._now()
        self._crashes.append(now)
        while self._crashes[0] < now - self.policy.window_s:
            self._crashes.popleft()
        if len(self._crashes) > self.policy.max:
            return None
        return self.failed(ran_s)

    def failed(self, ran_s: float = 0.0) -> float:
        """Note a failed start that is not a crash of the plugin; returns the pause in seconds."""
        if ran_s >= self.policy.window_s:  # it ran well for so long that the pauses begin anew
            self._in_a_row = 0
        self._in_a_row += 1
        pause = min(FIRST_PAUSE_S * 2.0 ** min(self._in_a_row - 1, 20), LONGEST_PAUSE_S)
        return pause * (1 + JITTER * (2 * self._chance() - 1))

    def pause(self, pause_s: float, *, awaited: bool) -> None:
        """Begin a pause without starts. Calls wait for its end if it is ``awaited`` and at most ``LONGEST_WAIT_S``."""
        self._retry_at = self._now() + pause_s
        self._awaited = awaited and pause_s <= LONGEST_WAIT_S

    def end_pause(self) -> None:
        """End the pause: a start may begin at once."""
        self._retry_at, self._awaited = 0.0, False

    @property
    def left_s(self) -> float:
        """Remaining seconds of the pause; 0 if there is none."""
        return max(0.0, self._retry_at - self._now())

    @property
    def awaited_s(self) -> float:
        """Remaining seconds of a pause that calls wait for; 0 if calls do not wait."""
        return self.left_s if self._awaited else 0.0

    def follow(self, policy: Restart) -> None:
        """Use this policy; forgets earlier crashes if it differs from the current one."""
        if policy != self.policy:
            self.forgive(policy)

    def forgive(self, policy: Restart) -> None:
        """Forget all crashes and the pause, and use this policy."""
        self.policy = policy
        self._crashes.clear()
        self._in_a_row = 0
        self.end_pause()
