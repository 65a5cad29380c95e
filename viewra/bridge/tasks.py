"""``tasks``: a plugin's queue of tasks, in the host's database. ``viewra/host/tasks`` executes what is in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import sqlalchemy as sa

from viewra.codec.host.tasks import Given
from viewra.db.plugin_tasks import EnqueuedTask, cancel_tasks, count_tasks, list_tasks, put_tasks, tasks_usage
from viewra.errors import QuotaExceeded, UsageError
from viewra.manifest.runtime import TaskRules
from viewra.types import QueuedTask, TaskState

MAX_TASKS = 1_000_000
MAX_BYTES = 256 * 1024 * 1024
"""Of all data of one plugin's tasks."""
FULL_S = 1.0
"""Seconds until a queue is counted again."""


class Executor(Protocol):
    """What executes tasks."""

    def attempts(self, plugin_id: str) -> int:
        """How many attempts a plugin's task has, where the task does not say."""
        ...

    def enqueued(self, plugin_id: str) -> None:
        """A plugin has a new task."""
        ...

    def cancelled(self, task_id: int) -> None:
        """A task is no longer in its queue."""
        ...

    def is_there(self, plugin_id: str) -> None:
        """A plugin is there now; its manifest may declare schedules."""
        ...


class NoExecutor:
    """Stands in where nothing is executed."""

    def attempts(self, plugin_id: str) -> int:
        """As a manifest has it that says nothing."""
        del plugin_id
        return TaskRules().attempts

    def enqueued(self, plugin_id: str) -> None:
        """Nothing: another host looks for it."""

    def cancelled(self, task_id: int) -> None:
        """Nothing: none is executed."""

    def is_there(self, plugin_id: str) -> None:
        """Nothing, as ``enqueued``."""


class TaskQueueService:
    """The queue of one plugin. Thread-safe; ``now`` gives seconds since the epoch."""

    def __init__(
        self, engine: sa.Engine, plugin_id: str, executor: Executor, now: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._executor = executor
        self._now = now
        self._lock = threading.Lock()
        self._room = (0, 0)  # tasks and bytes that fit in without counting what there is
        self._full_until = 0.0  # it is not counted more often than once a second

    def enqueue(self, tasks: Sequence[Given]) -> dict[str, int]:
        """Put tasks into the queue: how many are ``new``, and the ``id`` where it is only one."""
        now = int(self._now() * 1_000_000)
        usual = self._executor.attempts(self._plugin_id)
        rows = [
            EnqueuedTask(
                task.name,
                task.data,
                task.key,
                now + int(task.delay_s * 1_000_000) if task.delay_s else 0,
                task.priority,
                task.attempts or usual,
            )
            for task in tasks
        ]
        with self._lock:
            self._require_room(len(rows), sum(len(row.data) for row in rows))
        new, last = put_tasks(self._engine, self._plugin_id, rows, now)
        self._executor.enqueued(self._plugin_id)
        return {"new": new, "id": last}

    def list(self, state: TaskState | None, after: int, limit: int) -> list[QueuedTask]:
        """Tasks by id."""
        return list_tasks(self._engine, self._plugin_id, state, after=after, limit=limit)

    def count(self) -> dict[str, int]:
        """How many tasks are in each state."""
        found = count_tasks(self._engine, self._plugin_id).get(self._plugin_id, {})
        return {str(state): count for state, count in found.items()}

    def cancel(self, id: int, key: str) -> bool:  # noqa: A002 - the argument's name on the wire
        """Take a task out of the queue."""
        if bool(id) == bool(key):
            raise UsageError("tasks.cancel needs the id or the key of a task")
        found = cancel_tasks(self._engine, self._plugin_id, task_id=id, key=key)
        if found:
            self._executor.cancelled(found)
        return bool(found)

    def _require_room(self, count: int, size: int) -> None:
        """Raise QuotaExceeded if so much more has no room; counts what there is only if that could be so."""
        now = self._now()
        if (count > self._room[0] or size > self._room[1]) and now >= self._full_until:
            there, used = tasks_usage(self._engine, self._plugin_id)
            self._room = (MAX_TASKS - there, MAX_BYTES - used)
            self._full_until = now + FULL_S
        if count > self._room[0] or size > self._room[1]:
            raise QuotaExceeded(
                f"the queue is full: it may have {MAX_TASKS:,} tasks with {MAX_BYTES:,} bytes of data",
                hint="have the tasks name what they need instead of carrying it, or wait until some are done",
            )
        self._room = (self._room[0] - count, self._room[1] - size)
