"""What a host that closes does not wait for: whatever may take long says here how it is cut short.

Nothing is begun any more once it is closed; what has to be ended, and in which order, is its owner's business.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Cancellation:
    """Open until ``close``. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held while something is cut short: its owner goes on only after that
        self._closed = threading.Event()
        self._cuts: dict[object, Callable[[], object]] = {}

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is closed, at most ``timeout_s`` seconds; whether it is."""
        return self._closed.wait(timeout_s)

    @contextlib.contextmanager
    def cuts(self, cut: Callable[[], object]) -> Iterator[None]:
        """``cut`` is called when it is closed meanwhile, or at once when it is closed already."""
        key = object()
        with self._lock:
            self._cuts[key] = cut
            if self.closed:
                cut()
        try:
            yield
        finally:
            with self._lock:
                del self._cuts[key]

    def close(self) -> None:
        """Cut short what is under way; closing twice is fine."""
        with self._lock:
            if not self.closed:
                self._closed.set()
                for cut in self._cuts.values():
                    cut()
