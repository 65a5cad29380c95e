"""A discrete-event model of one scan over many workers: batches go round between the writer, the scheduler and workers.

The writer hands a batch out and, when it was read, makes rows of it and stores them under the lock of the database.
Writer, scheduler and lock do one thing at a time. Time-outs, starts and the walk are not in it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from viewra.batch import BATCH_S

WINDOW = 2
"""Batches in flight for each worker, as in viewra/library/remote.py."""
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
QUICK_S = 0.005
"""Seconds that a quicker plugin than the measured one takes for a file, so that the writer's limit can be seen."""
BATCHES = 40
"""Batches for each worker in one run of the model."""


class Costs(NamedTuple):
    """What one file costs, in seconds of processor time, but ``read_s``, which is a worker's time by the clock.

    ``outside_s`` is the writer's time without the lock, ``locked_s`` that under it, by the clock with PostgreSQL;
    ``batch`` the files of a batch, for each of which the scheduler needs ``scheduler_s``.
    """

    read_s: float
    batch: int
    outside_s: float
    locked_s: float
    scheduler_s: float
    bytes_asked: float = 0
    bytes_answered: float = 0

    @property
    def shown(self) -> dict[str, tuple[float, str]]:
        """Each with its unit, for people."""
        return {
            "a worker reads a file in": (self.read_s * 1e3, "ms"),
            "the writer's time": ((self.outside_s + self.locked_s) * 1e3, "ms a file"),
            "of it under the lock": (self.locked_s * 1e3, "ms a file"),
            "the scheduler's processor time": (self.scheduler_s * 1e3, "ms a batch"),
            "sent to a worker": (self.bytes_asked, "bytes a file"),
            "sent back": (self.bytes_answered, "bytes a file"),
        }


class _Server:
    """Does one thing at a time, in the order of arrival."""

    def __init__(self, model: _Model) -> None:
        self._model = model
        self._waiting: deque[tuple[float, Callable[[], None], bool]] = deque()
        self._busy = False

    def ask(self, takes_s: float, then: Callable[[], None], *, stays: bool = False) -> None:
        """Do something; ``stays``: it is busy until somebody calls ``release``."""
        self._waiting.append((takes_s, then, stays))
        if not self._busy:
            self.release()

    def release(self) -> None:
        """Go on with what waits."""
        self._busy = bool(self._waiting)
        if not self._waiting:
            return
        takes_s, then, stays = self._waiting.popleft()

        def done() -> None:
            then()
            if not stays:
                self.release()

        self._model.after(takes_s, done)


class _Model:
    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, then))

    def run(self) -> None:
        while self._events:
            self.now, _, then = heapq.heappop(self._events)
            then()


def rate(costs: Costs, *, workers: int, writers: int = 1, shared_lock: bool = True) -> float:
    """Files a second of all ``writers``, each a host that scans a library of its own with its share of the workers.

    ``shared_lock``: they write to one database.
    """
    model = _Model()
    scheduler = _Server(model)
    locks = [_Server(model)] * writers if shared_lock else [_Server(model) for _ in range(writers)]
    hosts = [_Server(model) for _ in range(writers)]
    machines = [_Server(model) for _ in range(workers)]
    left = [BATCHES * workers // writers] * writers
    ended: list[float] = []

    def hand_out(host: int, number: int) -> None:
        if not left[host]:
            return
        left[host] -= 1
        machine = machines[number % workers]
        ask = costs.scheduler_s / 2

        def arrived() -> None:
            machine.ask(costs.read_s * costs.batch, lambda: scheduler.ask(ask, taken))

        def taken() -> None:
            hosts[host].ask(costs.outside_s * costs.batch, store, stays=True)

        def store() -> None:  # the host's thread waits for the lock, and holds it
            locks[host].ask(costs.locked_s * costs.batch, finished)

        def finished() -> None:
            ended.append(model.now)
            hosts[host].release()
            hand_out(host, number)

        scheduler.ask(ask, arrived)

    for number in range(WINDOW * workers):
        hand_out(number % writers, number)
    model.run()
    return _middle(ended) * costs.batch


def _middle(ended: Sequence[float]) -> float:
    """The rate between a quarter and three quarters, as it is measured."""
    first, last = len(ended) // 4, len(ended) * 3 // 4
    return (last - first) / max(1e-9, ended[last] - ended[first])


def curves(costs: Costs) -> dict[str, dict[int, float]]:
    """Files a second by the number of workers: as measured, and with a quicker plugin, for one writer and for four."""
    quick = costs._replace(read_s=QUICK_S, batch=round(BATCH_S / QUICK_S))
    ms = f"{QUICK_S * 1e3:g} ms"
    return {
        f"{costs.read_s * 1e3:.0f} ms a file": {count: rate(costs, workers=count) for count in COUNTS},
        f"{ms} a file": {count: rate(quick, workers=count) for count in COUNTS},
        f"{ms}, 4 writers, one database": {count: rate(quick, workers=count, writers=4) for count in COUNTS[3:]},
        f"{ms}, 4 writers with one each": {
            count: rate(quick, workers=count, writers=4, shared_lock=False) for count in COUNTS[3:]
        },
    }
