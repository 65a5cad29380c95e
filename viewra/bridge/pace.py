"""``Pace``: makes callers wait, so that a plugin that asks without end leaves the host free."""

from __future__ import annotations

import time
from collections.abc import Callable

from viewra.bridge.bucket import Bucket

PER_S = 5000.0
"""Calls a second of one plugin, all of its processes together."""
BURST = 2000.0
"""Calls that it may make at once after a pause."""


class Pace:
    """``wait`` returns when one more call may be made. Thread-safe; ``sleep`` and ``now`` are in seconds."""

    def __init__(
        self,
        per_s: float = PER_S,
        burst: float = BURST,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bucket = Bucket(per_s, burst, now=now)
        self._sleep = sleep

    def charge(self, seconds: float) -> None:
        """Count processor time that a call took: so much as ``per_s`` calls take a whole second."""
        self._bucket.take(seconds * self._bucket.per_s)

    def wait(self, tokens: float = 1.0) -> None:
        """Take tokens, one for a call, after waiting for them."""
        short_s = self._bucket.take(tokens)
        if short_s > 0:
            self._sleep(short_s)
