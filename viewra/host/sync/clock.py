"""Provides time and threads to all code that runs plugins; tests replace it by a clock without threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("viewra.host")


class Work(Protocol):
    """Work that runs concurrently with the code that started it."""

    name: str

    @property
    def over(self) -> bool:
        """Whether it has ended or was cancelled before it began."""
        ...

    def cancel(self) -> None:
        """Cancel it if its initial pause is not over."""
        ...

    def join(self, timeout_s: float) -> bool:
        """Wait for its end for at most ``timeout_s`` seconds; returns whether it has ended. In itself: at once."""
        ...


class Clock(Protocol):
    """Provides time, waits, and work in the background. Thread-safe."""

    def now(self) -> float:
        """Monotonic time in seconds."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for an event for at most ``timeout_s`` seconds; returns whether it is set."""
        ...

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        """Acquire a lock within ``timeout_s`` seconds (None: without a limit); returns whether it was acquired."""
        ...

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Work:
        """Start ``work`` in the background after a pause; logs its exceptions."""
        ...


class SystemClock:
    """The system's clock; each piece of work has a daemon thread."""

    now = staticmethod(time.monotonic)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """See ``Clock.wait``."""
        return event.wait(max(0.0, timeout_s))

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        """See ``Clock.acquire``."""
        return lock.acquire(timeout=-1.0 if timeout_s is None else max(0.0, timeout_s))

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Work:
        """See ``Clock.start``."""
        return _Thread(name, work, pause_s)


class _Thread:
    """One piece of work."""

    def __init__(self, name: str, work: Callable[[], object], pause_s: float) -> None:
        self.name = name
        self._work = work
        self._pause_s = pause_s
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def cancel(self) -> None:
        self._cancelled.set()

    def join(self, timeout_s: float) -> bool:
        if self._thread is threading.current_thread():
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        if self._pause_s and self._cancelled.wait(self._pause_s):
            return
        try:
            self._work()
        except Exception:
            log.exception("the work %s failed", self.name)


SYSTEM = SystemClock()
"""The clock of every host."""
