"""When a plugin that broke down is started again: after pauses that double, with jitter, until it was too often."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable

from viewra.manifest import Restart

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 60.0
JITTER = 0.25
"""A pause is longer or shorter by up to this share, so that plugins that fell together do not rise together."""


class Backoff:
    """Counts one plugin's crashes by its manifest's ``runtime.restart``. ``clock`` gives seconds, ``chance`` 0 to 1."""

    def __init__(
        self,
        policy: Restart,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.policy = policy
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._crashes: deque[float] = deque()
        self._in_a_row = 0

    def crashed(self, ran_s: float = 0.0) -> float | None:
        """It broke down after running for ``ran_s``; gives the pause in seconds, None when it has been too often."""
        now = self._clock()
        with self._lock:
            self._crashes.append(now)
            while self._crashes[0] < now - self.policy.window_s:
                self._crashes.popleft()
            if len(self._crashes) > self.policy.max:
                return None
        return self.failed(ran_s)

    def failed(self, ran_s: float = 0.0) -> float:
        """It could not be started for a reason that is no crash of its own; gives the pause in seconds."""
        with self._lock:
            if ran_s >= self.policy.window_s:  # what was before is forgiven
                self._in_a_row = 0
            self._in_a_row += 1
            pause = min(FIRST_PAUSE_S * 2.0 ** min(self._in_a_row - 1, 20), LONGEST_PAUSE_S)
        return pause * (1 + JITTER * (2 * self._chance() - 1))
