"""``FakeTasks``: a plugin's queue of tasks in memory, whose tasks a test has executed one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from viewra.codec.host.tasks import Given
from viewra.errors import UsageError
from viewra.schedules import parse_schedule
from viewra.services import TaskService
from viewra.types import Later, QueuedTask, Task, TaskSchedule, TaskState

ATTEMPTS = 5


class FakeTasks:
    """The queue of one plugin: time stands still, so delays only show in ``queued``, unless ``pass_time`` ends them."""

    def __init__(self) -> None:
        self._tasks: dict[int, QueuedTask] = {}
        self._number = 0
        self._now = 0  # in microseconds

    @property
    def queued(self) -> tuple[QueuedTask, ...]:
        """What is in the queue, by id."""
        return tuple(self._tasks.values())

    def pass_time(self, seconds: float) -> None:
        """Make ready what is delayed by so many seconds at most. Of this, the plugin's own clock knows nothing."""
        self._now += int(seconds * 1_000_000)
        for number, task in self._tasks.items():
            if task.state == TaskState.DELAYED and task.due_at <= self._now:
                self._tasks[number] = _in(task, TaskState.READY)

    def run(self, plugin: TaskService) -> int:
        """Have the plugin execute what is ready, and what it enqueues meanwhile; returns how many are done.

        A task that fails is set aside with its error, and the exception is not raised; one that is to be executed
        later is delayed.
        """
        done = 0
        while ready := [task for task in self._tasks.values() if task.state == TaskState.READY]:
            task = min(ready, key=lambda one: (-one.priority, one.id))
            self._tasks[task.id] = _in(task, TaskState.RUNNING)
            try:
                said = plugin.execute_task(Task(task.id, task.name, task.data, task.key, 1, task.attempts))
            except Exception as error:  # an author's code may raise anything
                self._tasks[task.id] = _in(task, TaskState.SET_ASIDE, f"{type(error).__name__}: {error}")
                continue
            if isinstance(said, Later):
                due_at = self._now + int(said.seconds * 1_000_000)
                self._tasks[task.id] = attrs.evolve(task, state=TaskState.DELAYED, due_at=due_at)
                continue
            self._tasks.pop(task.id, None)  # unless it cancelled itself
            done += 1
        return done

    # ---- as the plugin asks for it ----

    def enqueue(self, tasks: Sequence[Given]) -> dict[str, int]:
        """Put tasks into the queue."""
        keys = {task.key for task in self._tasks.values() if task.key and task.state != TaskState.RUNNING}
        new = []
        for task in tasks:
            if not task.key or task.key not in keys:
                new.append(task)
                keys.add(task.key)
        for task in new:
            self._number += 1
            self._tasks[self._number] = QueuedTask(
                self._number,
                "under_test",
                task.name,
                task.key,
                TaskState.DELAYED if task.delay_s else TaskState.READY,
                task.priority,
                self._now + int(task.delay_s * 1_000_000),
                0,
                task.attempts or ATTEMPTS,
                "",
                0,
                json.loads(task.data) if task.data else None,
            )
        return {"new": len(new), "id": self._number if len(tasks) == len(new) == 1 else 0}

    def list(self, state: TaskState | None, after: int, limit: int) -> list[QueuedTask]:
        """Tasks by id."""
        return [one for one in self._tasks.values() if one.id > after and state in (None, one.state)][:limit]

    def count(self) -> dict[str, int]:
        """How many tasks are in each state."""
        counts: dict[str, int] = {}
        for task in self._tasks.values():
            counts[str(task.state)] = counts.get(str(task.state), 0) + 1
        return counts

    def cancel(self, id: int, key: str) -> bool:  # noqa: A002 - the argument's name on the wire
        """Take a task out of the queue."""
        if bool(id) == bool(key):
            raise UsageError("tasks.cancel needs the id or the key of a task")
        found = [task.id for task in self._tasks.values() if task.id == id or (key and task.key == key)]
        for number in found:
            del self._tasks[number]
        return bool(found)


class FakeSchedules:
    """The schedules of a plugin; no time passes, so nothing comes of them."""

    def __init__(self) -> None:
        self._kept: dict[str, TaskSchedule] = {}

    def set(self, name: str, schedule: str, data: bytes) -> None:
        """Keep a schedule."""
        del data
        self._kept[name] = TaskSchedule(name, parse_schedule(schedule).text, False, None)

    def remove(self, name: str) -> bool:
        """Forget a schedule."""
        return self._kept.pop(name, None) is not None

    def list(self) -> list[TaskSchedule]:
        """The schedules, by name."""
        return sorted(self._kept.values(), key=lambda one: one.name)


def _in(task: QueuedTask, state: TaskState, error: str = "") -> QueuedTask:
    return attrs.evolve(task, state=state, error=error)
