"""How a wait is ended early: what may take long says how it is interrupted, and an owner who closes interrupts it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from viewra.host.sync.clock import SYSTEM, Clock


class Cancellation:
    """Open until ``close``. For any thread."""

    def __init__(self, *, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # held while something is interrupted: what began it goes on only after that
        self._closed = threading.Event()
        self._cuts: dict[object, Callable[[], object]] = {}

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is closed, at most ``timeout_s`` seconds; whether it is."""
        return self._clock.wait(self._closed, timeout_s)

    @contextlib.contextmanager
    def cuts(self, cut: Callable[[], object]) -> Iterator[None]:
        """Call ``cut`` when it is closed within the block, or at once when it is closed already."""
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
        """Cancel all that is in progress; closing twice is fine."""
        with self._lock:
            if not self._closed.is_set():
                self._closed.set()
                for cut in self._cuts.values():
                    cut()
