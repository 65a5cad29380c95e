"""Does one thing after a pause, in a task of its own, unless it is set anew or called off before."""

from __future__ import annotations

import threading
from collections.abc import Callable

from viewra.host.sync.clock import SYSTEM, Clock, Task
from viewra.host.sync.tasks import Tasks

Still = Callable[[], bool]
"""Whether the timer that rang still counts: work asks again after it had to wait for a lock."""


class Timer:
    """One pause at a time; ``work`` is told a ``Still``. For any thread."""

    def __init__(self, name: str, work: Callable[[Still], None], *, clock: Clock = SYSTEM) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._tasks = Tasks(clock=clock)
        self._set = 0  # how often it was set or called off: which of them a task belongs to
        self._current: Task | None = None

    def set(self, pause_s: float) -> None:
        """Ring after ``pause_s`` seconds, and not when it was to ring before; never once it is closed."""
        with self._lock:
            self._forget()
            number = self._set

            def rings() -> None:
                try:
                    self._work(lambda: self._set == number)
                finally:
                    with self._lock:
                        if self._set == number:
                            self._current = None

            self._current = self._tasks.start(self._name, rings, pause_s)

    def off(self) -> bool:
        """Do not ring; work that has begun is told so. Whether it was going to ring, or its work was in progress."""
        with self._lock:
            return self._forget()

    def close(self) -> None:
        """Never ring again; waits for work that has begun."""
        self.off()
        self._tasks.close()

    def _forget(self) -> bool:
        self._set += 1
        task, self._current = self._current, None
        if task is None:
            return False
        task.cancel()
        return True
