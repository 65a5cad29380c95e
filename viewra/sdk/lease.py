"""The lease of a plugin that may outlive its host: the plugin ends if no host renews the lease in time."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable


class Lease:
    """Calls ``on_end`` when it expires; ``renew`` extends it, ``close`` ends the watch."""

    def __init__(self, seconds: float, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._ends_at = time.monotonic() + seconds
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._watch, name="lease", daemon=True).start()

    def renew(self, seconds: int) -> None:
        """Expire that many seconds from now."""
        with self._changed:
            self._ends_at = time.monotonic() + seconds
            self._changed.notify_all()

    def close(self) -> None:
        """Stop watching."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed and (left := self._ends_at - time.monotonic()) > 0:
                self._changed.wait(left)
            over = not self._closed
        if over:
            self._on_end()


def hold(directory: str) -> int:
    """Lock the directory of this process's socket until the descriptor is closed, so that no host removes it."""
    descriptor = os.open(directory, os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor
