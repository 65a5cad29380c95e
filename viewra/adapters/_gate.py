"""Backpressure: so many calls of one plugin at a time; whoever comes when it is full waits in line."""

from __future__ import annotations

import threading
from collections import deque


class Gate:
    """Lets at most ``most`` calls in, in the order in which they came; that may be changed. For any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside = 0
        self._line: deque[threading.Event] = deque()

    @property
    def most(self) -> int:
        """How many may be in at once."""
        return self._most

    def resize(self, most: int) -> None:
        """From now on so many may be in: whoever is first in line takes the places that there are more."""
        with self._lock:
            self._most = most
            self._hand_over()

    @property
    def inside(self) -> int:
        """How many are in."""
        return self._inside

    @property
    def waiting(self) -> int:
        """How many wait in line."""
        return len(self._line)

    def enter(self, timeout_s: float) -> bool:
        """Go in, after ``timeout_s`` seconds of waiting at the most; False when there was no room by then."""
        with self._lock:
            if self._inside < self._most:
                self._inside += 1
                return True
            if timeout_s <= 0:
                return False
            turn = threading.Event()
            self._line.append(turn)
        if turn.wait(timeout_s):
            return True
        with self._lock:
            if turn.is_set():  # in the moment between
                return True
            self._line.remove(turn)
            return False

    def leave(self) -> None:
        """Go out; whoever is first in line takes the place."""
        with self._lock:
            self._inside -= 1
            if self._line:
                self._hand_over()

    def _hand_over(self) -> None:
        """Let in whom there is room for: as long as somebody stands in line, there is none."""
        while self._line and self._inside < self._most:
            self._inside += 1
            self._line.popleft().set()
