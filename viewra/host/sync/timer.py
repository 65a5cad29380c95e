"""Calls a function in the background after a pause, unless the timer is set again or cancelled before."""

from __future__ import annotations

import threading
from collections.abc import Callable

from viewra.host.sync.background import Background
from viewra.host.sync.clock import SYSTEM, Clock, Work

Still = Callable[[], bool]
"""Whether the timer that fired was not cancelled since; work asks this after waiting for a lock."""


class Timer:
    """One pause at a time; calls ``work`` with a ``Still``. Thread-safe."""

    def __init__(self, name: str, work: Callable[[Still], None], *, clock: Clock = SYSTEM) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._background = Background(clock=clock)
        self._set = 0  # counts calls of set and off, so that work knows whether it is the latest
        self._current: Work | None = None

    def set(self, pause_s: float) -> None:
        """Fire after ``pause_s`` seconds, replacing an earlier setting; does nothing after ``close``."""
        with self._lock:
            if self._current is not None:
                self._current.cancel()
            self._set += 1
            number = self._set

            def rings() -> None:
                try:
                    self._work(lambda: self._set == number)
                finally:
                    with self._lock:
                        if self._set == number:
                            self._current = None

            self._current = self._background.start(self._name, rings, pause_s)

    def off(self) -> bool:
        """Cancel; ``Still`` of running work becomes False. Returns whether the timer was set or its work running."""
        with self._lock:
            self._set += 1
            current, self._current = self._current, None
        if current is not None:
            current.cancel()
        return current is not None

    def close(self) -> None:
        """Cancel permanently, and wait for running work."""
        self.off()
        self._background.close()
