"""A clock that advances when a test says so, and whose work takes no time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any

import attrs

FOREVER_S = 1e9


class FakeWork:
    """Work of its own, in a thread that runs only while the clock lets it: one thread runs at a time."""

    def __init__(self, clock: FakeClock, name: str, work: Callable[[], object], *, paused: bool) -> None:
        self.name = name
        self.cancelled = self.done = self.begun = False
        self._clock = clock
        self._work = work
        self._paused = paused
        self._may_run = threading.Semaphore(0)
        self._came = False

    @property
    def over(self) -> bool:
        return self.done or self.cancelled

    def cancel(self) -> None:
        if self._paused and not self.begun:
            self.cancelled = True

    def join(self, timeout_s: float) -> bool:
        own = self._clock.current is self
        return own or self._clock.block(lambda: self.over, self._clock.now() + timeout_s)

    def go_on(self, came: bool = True) -> None:
        """Let it run until it waits, or ends; what it waited for ``came``, or did not."""
        self._came, self._clock.current = came, self
        if self.begun:
            self._may_run.release()
        else:
            self.begun = True
            threading.Thread(target=self._run, name=f"fake-{self.name}", daemon=True).start()
        self._clock.may_run.acquire()
        self._clock.current = None

    def pause(self) -> bool:
        """Let the test run, in the work itself, until ``go_on``."""
        self._clock.may_run.release()
        self._may_run.acquire()
        return self._came

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._clock.failures.append(error)
        finally:
            self.done = True
            self._clock.may_run.release()


@attrs.define(eq=False)
class Waiting:
    """Work that waits for something, until then at most."""

    work: FakeWork
    condition: Callable[[], bool]
    until: float


class FakeClock:
    """Time goes on only while the test waits; each piece of work then runs until it waits, always in the same order."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.current: FakeWork | None = None
        self.may_run = threading.Semaphore(0)  # the test
        self._now = 1000.0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, FakeWork]] = []
        self._waiting: list[Waiting] = []

    # ---- Clock ----

    def now(self) -> float:
        return self._now

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return self.block(event.is_set, self._now + max(0.0, timeout_s))

    def acquire(self, lock: threading.Lock, timeout_s: float | None) -> bool:
        until = self._now + (FOREVER_S if timeout_s is None else timeout_s)
        got = self.block(lambda: lock.acquire(blocking=False), until)
        assert got or timeout_s is not None, "a lock is waited for that nobody gives back"
        return got

    def start(self, name: str, work: Callable[[], object], pause_s: float = 0.0) -> FakeWork:
        started = FakeWork(self, name, work, paused=pause_s > 0)
        heapq.heappush(self._due, (self._now + pause_s, next(self._numbers), started))
        return started

    def block(self, condition: Callable[[], bool], until: float) -> bool:
        """Wait for something, until then at most; whether it came about."""
        if condition():
            return True
        if (current := self.current) is not None:
            self._waiting.append(Waiting(current, condition, until))
            return current.pause()
        while self._step(until):
            if condition():
                return True
        self._now = max(self._now, until)
        return condition()

    def _step(self, until: float) -> bool:
        """Let the next work go on that can, if there is one by then."""
        for waiting in self._waiting:
            came = waiting.condition()
            if came or waiting.until <= self._now:
                self._waiting.remove(waiting)
                waiting.work.go_on(came)
                return True
        times = [waiting.until for waiting in self._waiting]
        while self._due and self._due[0][2].over:
            heapq.heappop(self._due)
        if self._due:
            times.append(self._due[0][0])
        if not times or min(times) > until:
            return False
        self._now = max(self._now, min(times))
        if self._due and self._due[0][0] <= self._now:
            heapq.heappop(self._due)[2].go_on()
        return True

    # ---- for tests ----

    def at(self, pause_s: float, work: Callable[[], object]) -> FakeWork:
        """Run ``work`` in the background, after ``pause_s`` seconds of this clock."""
        return self.start("test", work, pause_s)

    def advance(self, seconds: float) -> None:
        """Let time go on, and do what is due."""
        self.block(lambda: False, self._now + seconds)

    def tick(self, kept: Any, seconds: float) -> None:
        """Let time go on, and have something ticked four times a second."""
        for _ in range(round(seconds * 4)):
            self.advance(0.25)
            kept.tick()
        self.advance(0.0)

    @property
    def waiting(self) -> list[str]:
        """The names of the work that has not ended; those of the test itself do not count."""
        due = [one.name for _, _, one in self._due if not one.over]
        return [name for name in due if name != "test"] + ["somebody waits" for _ in self._waiting]
