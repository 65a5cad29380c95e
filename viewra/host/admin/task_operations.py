"""Operations on the tasks of plugins: what ``viewra tasks`` does."""

from __future__ import annotations

import attrs

from viewra.db import plugin_tasks
from viewra.errors import NotFound, UsageError
from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.host.tasks.queue import micros
from viewra.library.listing.paging import check_limit
from viewra.types import Page, QueuedTask, TaskState


@attrs.frozen
class TaskCounts:
    """How many tasks of a plugin are in each state."""

    plugin_id: str
    ready: int
    delayed: int
    running: int
    set_aside: int


@operation(changes=False)
def task_counts(host: Scanning, plugin_id: str = "") -> list[TaskCounts]:
    """How many tasks each plugin has in its queue, by state; of one plugin, or of all that have some."""
    return [
        TaskCounts(
            owner,
            counts.get(TaskState.READY, 0),
            counts.get(TaskState.DELAYED, 0),
            counts.get(TaskState.RUNNING, 0),
            counts.get(TaskState.SET_ASIDE, 0),
        )
        for owner, counts in sorted(plugin_tasks.count_tasks(host.engine, plugin_id).items())
    ]


@operation(changes=False)
def task_list(
    host: Scanning, plugin_id: str = "", state: str = "", after: str | None = None, limit: int = 100
) -> Page[QueuedTask]:
    """Tasks in the queues, the oldest first; ``state`` is ready, delayed, running or set aside."""
    check_limit(limit)
    wanted = next((one for one in TaskState if one == state), None)
    if state and wanted is None:
        raise UsageError(f"tasks have no state {state!r}", hint=f"the states: {', '.join(TaskState)}")
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise UsageError(f"{after!r} is not where a page ends", hint="pass the next of the page before")
    found = plugin_tasks.list_tasks(host.engine, plugin_id, wanted, after=int(after or 0), limit=limit + 1)
    return Page(tuple(found[:limit]), str(found[limit - 1].id) if len(found) > limit else None)


@operation(changes=False)
def task_get(host: Scanning, task_id: int) -> QueuedTask:
    """One task, with its data and the error of its last attempt."""
    found = plugin_tasks.read_task(host.engine, task_id)
    if found is None:
        raise NotFound(f"there is no task {task_id}", hint="it may be done; see them with: viewra tasks list")
    return found


@operation(changes=True)
def task_cancel(host: Scanning, task_id: int) -> QueuedTask:
    """Take a task out of its queue; one that is executed is ended."""
    task = task_get(host, task_id)
    if not host.tasks.cancel(task.plugin_id, task_id):
        raise NotFound(f"there is no task {task_id}", hint="it was done just now")
    return task


@operation(changes=True)
def task_retry(host: Scanning, task_id: int) -> QueuedTask:
    """Have a task executed now that waits or was set aside, with all its attempts."""
    task = task_get(host, task_id)
    if not plugin_tasks.retry_task(host.engine, task_id, micros()):
        raise UsageError(f"the task {task_id} is being executed", hint="wait for its end, or cancel it")
    host.tasks.enqueued(task.plugin_id)
    return task_get(host, task_id)
