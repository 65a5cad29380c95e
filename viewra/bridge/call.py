"""``HostCall``: one call that waits for others than the host: its caller's rights, its deadline, its cancellation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from viewra.bridge.rights import Rights
from viewra.errors import HostTimeout, HostUnavailable


class HostCall:
    """Every wait of such a call is made here, so that none lasts longer than the call. Thread-safe."""

    def __init__(
        self, rights: Rights, timeout_s: float, *, now: Callable[[], float] = time.monotonic, late: float = 0.0
    ) -> None:
        """``timeout_s`` counts from now, less the seconds that the call is ``late``."""
        self.rights = rights
        self._now = now
        self._until = now() + timeout_s - late
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._ends: list[Callable[[], object]] = []

    def limit(self, timeout_s: float) -> None:
        """Let it end within this many seconds from now, if that is sooner."""
        self._until = min(self._until, self._now() + timeout_s)

    def left_s(self) -> float:
        """The seconds that are left; raises HostTimeout if there are none, HostUnavailable once it is cancelled."""
        if self._cancelled.is_set():
            raise HostUnavailable("the plugin is being stopped, or its host is closing")
        left = self._until - self._now()
        if left <= 0:
            raise HostTimeout("it took longer than the call allows", hint="allow it more time (timeout_s)")
        return left

    def sleep(self, seconds: float) -> None:
        """Wait, for as long as the call lasts at most; raises as ``left_s``."""
        self._cancelled.wait(min(seconds, self.left_s()))
        self.left_s()

    @contextmanager
    def ended_by(self, end: Callable[[], object]) -> Iterator[None]:
        """Have ``end`` called if the call is cancelled meanwhile: it ends a wait that is made elsewhere."""
        with self._lock:
            self._ends.append(end)
        try:
            if self._cancelled.is_set():
                end()
            yield
        finally:
            with self._lock:
                self._ends.remove(end)

    def cancel(self) -> None:
        """End it: its caller has gone."""
        self._cancelled.set()
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            end()
