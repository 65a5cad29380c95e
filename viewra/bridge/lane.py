"""``Lane``: the threads on which a process's requests are worked on, started when there is something to do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from viewra.transport.threads import ended

T = TypeVar("T")

MAX_BYTES = 16 * 1024 * 1024
"""Of what waits in one lane; a single larger thing may wait alone."""


class Lane(Generic[T]):
    """At most ``workers`` threads, which call ``work`` with what is put in; ``queued`` things at most wait.

    Only one thread may put things in.
    """

    def __init__(self, name: str, workers: int, queued: int, work: Callable[[T], None]) -> None:
        self._name = name
        self._most = workers
        self._queued = queued
        self._work = work
        self._changed = threading.Condition()
        self._things: deque[tuple[T, int]] = deque()
        self._size = 0
        self._idle = 0
        self._ended = False
        self._threads: list[threading.Thread] = []

    def put(self, thing: T, size: int) -> None:
        """Have it worked on, ``size`` bytes; waits while there is no room. After ``end`` nothing is worked on."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._has_room(size))
            self._add(thing, size)

    def offer(self, thing: T, size: int) -> bool:
        """Have it worked on, and return True; False if there is no room."""
        with self._changed:
            if not self._has_room(size):
                return False
            self._add(thing, size)
            return True

    def end(self) -> None:
        """Drop what waits, and let the threads end when they have done what they are at."""
        with self._changed:
            self._ended = True
            self._things.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the threads to end."""
        for thread in self._threads:
            ended(thread)

    def _has_room(self, size: int) -> bool:
        return not self._things or (len(self._things) < self._queued and self._size + size <= MAX_BYTES)

    def _add(self, thing: T, size: int) -> None:
        if self._ended:
            return
        self._things.append((thing, size))
        self._size += size
        if self._idle >= len(self._things):
            self._changed.notify_all()
        elif len(self._threads) < self._most:
            thread = threading.Thread(target=self._run, name=f"{self._name}_{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._ended or bool(self._things))
                self._idle -= 1
                if self._ended:
                    return
                thing, size = self._things.popleft()
                self._size -= size
                self._changed.notify_all()  # there is room for one more
            self._work(thing)
            del thing
