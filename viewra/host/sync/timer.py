"""Does one thing after a pause, on a thread of its own, unless it is set anew or called off before."""

from __future__ import annotations

import threading
from collections.abc import Callable

Still = Callable[[], bool]
"""Whether the alarm that rang is still meant: asked again by whoever had to wait for a lock first."""


class Timer:
    """One pause at a time; ``work`` is told a ``Still``. For any thread."""

    def __init__(self, name: str, work: Callable[[Still], None]) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._current: threading.Timer | None = None
        self._threads: set[threading.Thread] = set()
        self._closed = False

    @property
    def pending(self) -> bool:
        """Whether it is going to ring."""
        return self._current is not None

    def set(self, pause_s: float) -> None:
        """Ring after ``pause_s`` seconds instead of whenever it was to; not when it is closed."""

        def rings() -> None:
            try:
                self._work(lambda: self._current is timer)
            finally:
                with self._lock:
                    self._threads.discard(timer)
                    if self._current is timer:
                        self._current = None

        timer = threading.Timer(pause_s, rings)
        timer.name, timer.daemon = self._name, True
        with self._lock:
            self._forget()
            if self._closed:
                return
            self._current = timer
            self._threads.add(timer)
            timer.start()

    def off(self) -> None:
        """Do not ring; work that has begun is told so."""
        with self._lock:
            self._forget()

    def close(self) -> None:
        """Never ring again; waits for work that has begun."""
        with self._lock:
            self._closed = True
            self._forget()
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def _forget(self) -> None:
        timer, self._current = self._current, None
        if timer is not None:
            timer.cancel()
            self._threads = {thread for thread in self._threads if thread.is_alive()}
