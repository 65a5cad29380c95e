"""``self.host.tasks``: work that the host gives back to this plugin, one task at a time, until it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from viewra.codec.host import tasks as codec
from viewra.sdk.host.asking import Client
from viewra.types import NewTask, QueuedTask, TaskState


class Tasks(Client):
    """The queue of this plugin: the host keeps it, and calls ``execute_task`` for each task, at least once.

    A task whose attempt fails is executed again after a pause, and set aside after its last attempt. Raises UsageError
    for a task that cannot be kept, and QuotaExceeded for more than a million.
    """

    def enqueue(
        self,
        name: str,
        data: object = None,
        *,
        key: str = "",
        delay_s: float = 0.0,
        priority: int = 0,
        attempts: int | None = None,
    ) -> int | None:
        """Enqueue a task, as ``NewTask`` has it. Returns its id, None if one with this key is there."""
        _new, last = self._enqueue([NewTask(name, data, key, delay_s, priority, attempts)])
        return last or None

    def enqueue_many(self, tasks: Sequence[NewTask]) -> int:
        """Enqueue tasks, a thousand at a time, each thousand whole or not at all. Returns how many are new."""
        most = codec.MAX_AT_ONCE
        return sum(self._enqueue(tasks[begin : begin + most])[0] for begin in range(0, len(tasks), most))

    def list(self, state: TaskState | None = None, *, after: int = 0, limit: int = 100) -> tuple[QueuedTask, ...]:
        """Tasks by id, those behind the id ``after``, at most ``limit`` (1 to 1,000)."""
        arguments: dict[str, object] = {"after": after, "limit": limit}
        if state is not None:
            arguments["state"] = str(state)
        found: tuple[QueuedTask, ...] = self._ask(codec.LIST, arguments)
        return found

    def count(self) -> Mapping[TaskState, int]:
        """How many tasks are in each state; none: the state is not there."""
        found: Mapping[TaskState, int] = self._ask(codec.COUNT, {})
        return found

    def cancel(self, task_id: int = 0, *, key: str = "") -> bool:
        """Take a task out of the queue, by its id or its key; one that is executed is ended. Whether it was there."""
        return bool(self._ask(codec.CANCEL, {"id": task_id, "key": key}))

    def _enqueue(self, tasks: Sequence[NewTask]) -> tuple[int, int]:
        found: tuple[int, int] = self._ask(
            codec.ENQUEUE, {"tasks": [attrs.asdict(task, recurse=False) for task in tasks]}
        )
        return found
