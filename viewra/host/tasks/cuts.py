"""``Cuts``: the tasks that are executed now, so that others can end them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from viewra.adapters import Exchange
from viewra.types import Task, TaskDone


class Cuts:
    """Lists the exchanges of a host's tasks; ``cut`` ends one, ``cut_all`` all of them and those to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._there: dict[int, Exchange[Task, TaskDone]] = {}
        self._cut: set[int] = set()
        self._all = False

    @contextmanager
    def listed(self, task_id: int, exchange: Exchange[Task, TaskDone]) -> Iterator[None]:
        """List a task within the block."""
        with self._lock:
            self._there[task_id] = exchange
            over = self._all
        if over:
            self.cut(task_id)
        try:
            yield
        finally:
            with self._lock:
                self._there.pop(task_id, None)
                self._cut.discard(task_id)

    def cut(self, task_id: int) -> None:
        """End a task, if it is executed now."""
        with self._lock:
            exchange = self._there.get(task_id)
            if exchange is not None:
                self._cut.add(task_id)
        if exchange is not None:
            exchange.close()

    def cut_all(self) -> None:
        """End all of them."""
        with self._lock:
            self._all = True
            there = list(self._there)
        for task_id in there:
            self.cut(task_id)

    def has_cut(self, task_id: int) -> bool:
        """Whether a listed task was ended here."""
        with self._lock:
            return task_id in self._cut
