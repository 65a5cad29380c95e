"""Backpressure: limits a plugin's concurrent calls; further calls wait in line."""

from __future__ import annotations

import threading
from collections import deque


class Gate:
    """Admits at most ``most`` calls at a time, in order of arrival. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._inside = 0
        self._line: deque[threading.Event] = deque()

    @property
    def most(self) -> int:
        """How many calls are admitted at a time."""
        return self._most

    def resize(self, most: int) -> None:
        """Change the number of admitted calls; calls in line take new places at once."""
        with self._lock:
            if most != self._most:
                self._most = most
                self._hand_over()

    @property
    def inside(self) -> int:
        """How many calls are admitted now."""
        return self._inside

    @property
    def waiting(self) -> int:
        """How many calls are in line."""
        return len(self._line)

    def enter(self, timeout_s: float) -> bool:
        """Admit a call, after at most ``timeout_s`` seconds in line; False if there was no place by then."""
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
            if turn.is_set():  # a place became free meanwhile
                return True
            self._line.remove(turn)
            return False

    def leave(self) -> None:
        """A call has ended; the first in line takes its place."""
        with self._lock:
            self._inside -= 1
            if self._line:
                self._hand_over()

    def _hand_over(self) -> None:
        """Admit calls in line while there are places; while one is in line, a new call gets none."""
        while self._line and self._inside < self._most:
            self._inside += 1
            self._line.popleft().set()
