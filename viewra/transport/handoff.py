"""Hands values from one thread to another, one at a time: a slow receiver makes the sender wait."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class HandoffClosed(Exception):  # no "Error" suffix: the end of a stream
    """There are no more values to take, or none can be handed over any more."""


class Handoff(Generic[T]):
    """Room for one value. ``close`` ends all waits; a value that waits then can still be taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[T] = []
        self._closed = False

    def put(self, value: T, timeout_s: float | None) -> bool:
        """Wait for room, and hand the value over; False if there was none in time. Raises HandoffClosed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._waiting, timeout_s)
            if self._closed:
                raise HandoffClosed
            if self._waiting:
                return False
            self._waiting.append(value)
            self._changed.notify_all()
        return True

    def take(self) -> T:
        """Wait for a value. Raises HandoffClosed when it is closed and empty."""
        with self._changed:
            while not (self._closed or self._waiting):
                self._changed.wait()
            if not self._waiting:
                raise HandoffClosed
            self._changed.notify_all()
            return self._waiting.pop()

    def close(self, *, drop: bool = False) -> None:
        """Accept no more values; ``drop`` the one that waits."""
        with self._changed:
            self._closed = True
            if drop:
                self._waiting.clear()
            self._changed.notify_all()
