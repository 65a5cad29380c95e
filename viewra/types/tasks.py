"""Tasks of plugins: what is enqueued, what a plugin executes, and what the queue shows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import attrs


class TaskState(StrEnum):
    """What a task in a queue waits for."""

    READY = "ready"
    """Its turn."""
    DELAYED = "delayed"
    """Its time, or that of its next attempt."""
    RUNNING = "running"
    """The plugin, which executes it."""
    SET_ASIDE = "set aside"
    """The operator: all attempts have failed."""


@attrs.frozen
class NewTask:
    """A task to enqueue. ``data`` is what JSON has: at most 64 KiB.

    Of several tasks with the same ``key`` only the first is enqueued, until it is done; while it is being executed, one
    more is. It is executed after ``delay_s`` seconds, those of a higher ``priority`` (-10 to 10) first. ``attempts``:
    how many may fail before it is set aside; None: as the plugin's manifest has it.
    """

    name: str
    data: object = None
    key: str = ""
    delay_s: float = 0.0
    priority: int = 0
    attempts: int | None = None


@attrs.frozen
class Task:
    """A task to execute: attempt ``attempt`` of ``attempts``.

    Of a schedule: ``due_at`` is its time in microseconds since the epoch, else 0, and ``missed`` how many runs before
    it were missed. ``wanted()`` is False when the host no longer waits: it was cancelled, or takes too long.
    """

    id: int
    name: str
    data: object = None
    key: str = ""
    attempt: int = 1
    attempts: int = 1
    due_at: int = 0
    missed: int = 0
    wanted: Callable[[], bool] = attrs.field(default=lambda: True, eq=False, repr=False)


@attrs.frozen
class Later:
    """What ``execute_task`` returns of a task that cannot be done yet: when to execute it again, at most a week."""

    seconds: float


@attrs.frozen
class TaskDone:
    """The answer to a task: it is done, or with ``later`` it is to be executed again."""

    later: Later | None = None


@attrs.frozen
class QueuedTask:
    """A task in a queue. Times are in microseconds since the epoch.

    ``due_at`` is when it is, or was, to be executed; ``failed`` is how many attempts have failed, ``error`` why the
    last one has.
    """

    id: int
    plugin_id: str
    name: str
    key: str
    state: TaskState
    priority: int
    due_at: int
    failed: int
    attempts: int
    error: str
    enqueued_at: int
    data: object = None


@attrs.frozen
class TaskSchedule:
    """A schedule of a plugin: each run of it is a task with its name.

    ``declared``: the manifest has it. ``next_at`` is in microseconds since the epoch; None: it does not come again.
    """

    name: str
    schedule: str
    declared: bool
    next_at: int | None
