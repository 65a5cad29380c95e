"""Cancels waits: a long operation registers a function that interrupts it, and ``close`` calls that function."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from viewra.host.sync.clock import SYSTEM, Clock


class Cancellation:
    """Open until ``close``. For any thread."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # held during an interruption, so that the interrupted block ends only after it
        self._closed = threading.Event()
        self._cuts: dict[object, Callable[[], object]] = {}

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for ``close`` for at most ``timeout_s`` seconds; returns whether it was called."""
        return self._clock.wait(self._closed, timeout_s)

    @contextlib.contextmanager
    def cuts(self, cut: Callable[[], object]) -> Iterator[None]:
        """Call ``cut`` if ``close`` is called within the block, or at once if it was called before."""
        key = object()
        with self._lock:
            self._cuts[key] = cut
            if self._closed.is_set():
                cut()
        try:
            yield
        finally:
            with self._lock:
                del self._cuts[key]

    def close(self) -> None:
        """Interrupt all blocks in progress. May be called twice."""
        with self._lock:
            if not self._closed.is_set():
                self._closed.set()
                for cut in self._cuts.values():
                    cut()
