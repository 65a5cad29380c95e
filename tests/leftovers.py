"""What a test leaves in its process: threads and descriptors that were not there before.

They are compared one by one, not counted: those of earlier tests may end meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from tests.eventually import eventually


class Present:
    """The threads and descriptors that there are when it is made."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._descriptors = _descriptors()

    def threads(self) -> list[threading.Thread]:
        """The threads that have come since."""
        return [thread for thread in threading.enumerate() if thread not in self._threads]

    def nothing_is_left(self, *, threads: int = 0, descriptors: int = 0) -> None:
        """Wait until no more than this has come since; fail if that does not come about."""
        eventually(lambda: len(self.threads()) <= threads, f"no thread is left of {self.threads()}")
        eventually(lambda: len(self._opened()) <= descriptors, f"no descriptor is left of {self._opened()}")

    def _opened(self) -> set[tuple[str, str]]:
        return _descriptors() - self._descriptors


def _descriptors() -> set[tuple[str, str]]:
    """Each open descriptor with what it leads to: a number may be used again."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the list itself
            found.add((name, str(Path("/proc/self/fd", name).readlink())))
    return found
