"""Time and threads, as everything that runs plugins gets them: tests give it a clock that starts no thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("viewra.host")


class Task(Protocol):
    """Work that runs beside its starter."""

    name: str

    @property
    def over(self) -> bool:
        """Whether it has ended, or was cancelled before it began."""
        ...

    def cancel(self) -> None:
        """Do not begin, if it has a pause and that is not over."""
        ...

    def join(self, timeout_s: float) -> bool:
        """Wait for its end, ``timeout_s`` seconds at most; whether it has ended. At once in the task itself."""
        ...


class Clock(Protocol):
    """Everything that a thread can wait for. For any thread."""

    def now(self) -> float:
        """Seconds that never go back."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for an event, ``timeout_s`` seconds at most; whether it is set."""
        ...

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        """Wait for a lock, ``timeout_s`` seconds at most (None: without a limit); whether it was got."""
        ...

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Task:
        """Begin ``work``, after a pause, in a task of its own; what it raises is logged."""
        ...


class SystemClock:
    """The system's clock; each task is a thread, which does not keep the interpreter from ending."""

    now = staticmethod(time.monotonic)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """As ``Clock.wait`` has it."""
        return event.wait(max(0.0, timeout_s))

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        """As ``Clock.acquire`` has it."""
        return lock.acquire(timeout=-1.0 if timeout_s is None else max(0.0, timeout_s))

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> Task:
        """As ``Clock.start`` has it."""
        return _Thread(name, work, pause_s)


class _Thread:
    """One task."""

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
            log.exception("the task %s failed", self.name)


SYSTEM = SystemClock()
"""The clock of every host."""
