"""When a plugin that broke down is started again: after pauses that double, with jitter, until it was too often."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from viewra.manifest import Restart

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 60.0
JITTER = 0.25
"""A pause is longer or shorter by up to this share, so that plugins that fell together do not rise together."""
LONGEST_WAIT_S = 5.0
"""A call waits so long for a restart after a crash; one that would have to wait longer fails at once."""


class Backoff:
    """Counts one plugin's crashes by its manifest's ``runtime.restart``, and keeps the pause that is due.

    ``now`` gives seconds, ``chance`` 0 to 1. Not for several threads: the pool that has it holds its lock.
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
        """It broke down after running for ``ran_s``; gives the pause in seconds, None when it has been too often."""
        now = self._now()
        self._crashes.append(now)
        while self._crashes[0] < now - self.policy.window_s:
            self._crashes.popleft()
        if len(self._crashes) > self.policy.max:
            return None
        return self.failed(ran_s)

    def failed(self, ran_s: float = 0.0) -> float:
        """It could not be started for a reason that is no crash of its own; gives the pause in seconds."""
        if ran_s >= self.policy.window_s:  # what was before is forgiven
            self._in_a_row = 0
        self._in_a_row += 1
        pause = min(FIRST_PAUSE_S * 2.0 ** min(self._in_a_row - 1, 20), LONGEST_PAUSE_S)
        return pause * (1 + JITTER * (2 * self._chance() - 1))

    def pause(self, pause_s: float, *, awaited: bool) -> None:
        """Nothing is started for so long. Calls wait for the end of a pause that is ``awaited`` and short enough."""
        self._retry_at = self._now() + pause_s
        self._awaited = awaited and pause_s <= LONGEST_WAIT_S

    def end_pause(self) -> None:
        """It may be started at once."""
        self._retry_at, self._awaited = 0.0, False

    @property
    def left_s(self) -> float:
        """Seconds left of the pause; 0 where there is none."""
        return max(0.0, self._retry_at - self._now())

    @property
    def awaited_s(self) -> float:
        """Seconds after which a call that waits finds it started again; 0 where no call is to wait."""
        return self.left_s if self._awaited else 0.0

    def follow(self, policy: Restart) -> None:
        """Count by another policy from now on, from the beginning, if it is another one."""
        if policy != self.policy:
            self.forgive(policy)

    def forgive(self, policy: Restart) -> None:
        """Forget everything."""
        self.policy = policy
        self._crashes.clear()
        self._in_a_row = 0
        self.end_pause()
