"""Stores the tasks of plugins: puts them into queues, lists, counts, cancels them. ``task_turns`` takes them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from viewra.db.numbers import is_id
from viewra.db.task_tables import plugin_schedules
from viewra.db.task_tables import plugin_tasks as table
from viewra.db.transactions import reading, writing
from viewra.types import QueuedTask, TaskState


@attrs.frozen
class EnqueuedTask:
    """A task as it is put into a queue: ``data`` in JSON; ``due_at`` in microseconds since the epoch, 0: at once."""

    name: str
    data: bytes
    key: str = ""
    due_at: int = 0
    priority: int = 0
    attempts: int = 1
    scheduled_at: int = 0
    missed: int = 0


def put_tasks(engine: sa.Engine, plugin_id: str, tasks: Sequence[EnqueuedTask], now: int) -> tuple[int, int]:
    """Put tasks into the queue of a plugin; returns how many are new, and the id of the last one if it is the only one.

    Of those with a key that is there only what is being executed changes: it is executed once more, with the new data.
    Raises ``DatabaseError``.
    """
    with writing(engine) as connection:
        return put(connection, plugin_id, tasks, now)


def put(connection: sa.Connection, plugin_id: str, tasks: Sequence[EnqueuedTask], now: int) -> tuple[int, int]:
    """``put_tasks`` within a transaction."""
    rows = [_row(plugin_id, task, now) for task in tasks]
    if len(rows) == 1:
        found = connection.execute(_INSERT_ONE, rows[0]).scalar_one_or_none()
        new, last = int(found is not None), found or 0
    else:
        new, last = connection.execute(_INSERT, rows).rowcount, 0
    if new < len(rows) and (keyed := [row for row in rows if row["key"] is not None]):
        connection.execute(_AGAIN, keyed)
    return new, last


def has_tasks(engine: sa.Engine) -> bool:
    """Whether any plugin has a task or a schedule. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return any(
            connection.execute(sa.select(one.c.plugin_id).limit(1)).first() is not None
            for one in (table, plugin_schedules)
        )


def tasks_usage(engine: sa.Engine, plugin_id: str) -> tuple[int, int]:
    """How many tasks a plugin has in its queue, and the bytes of their data. Raises ``DatabaseError``."""
    size = sa.func.coalesce(sa.func.sum(sa.func.length(table.c.data)), 0)
    query = sa.select(sa.func.count(), size).where(table.c.plugin_id == plugin_id)
    with reading(engine) as connection:
        count, used = connection.execute(query).one()
    return int(count), int(used)


def count_tasks(engine: sa.Engine, plugin_id: str = "") -> dict[str, dict[TaskState, int]]:
    """How many tasks there are, by plugin and state; of one plugin, or of all. Raises ``DatabaseError``."""
    query = sa.select(table.c.plugin_id, table.c.state, sa.func.count()).group_by(table.c.plugin_id, table.c.state)
    if plugin_id:
        query = query.where(table.c.plugin_id == plugin_id)
    counts: dict[str, dict[TaskState, int]] = {}
    with reading(engine) as connection:
        for owner, state, count in connection.execute(query):
            counts.setdefault(owner, {})[TaskState(state)] = count
    return counts


def list_tasks(
    engine: sa.Engine, plugin_id: str = "", state: TaskState | None = None, *, after: int = 0, limit: int
) -> list[QueuedTask]:
    """Tasks by id, those behind ``after``; of one plugin, or of all. Raises ``DatabaseError``."""
    query = sa.select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
    if plugin_id:
        query = query.where(table.c.plugin_id == plugin_id)
    if state is not None:
        query = query.where(table.c.state == state)
    with reading(engine) as connection:
        return [_queued(row) for row in connection.execute(query)]


def read_task(engine: sa.Engine, task_id: int) -> QueuedTask | None:
    """One task; None if it is not there. Raises ``DatabaseError``."""
    if not is_id(task_id):
        return None
    with reading(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == task_id)).one_or_none()
    return _queued(row) if row is not None else None


def cancel_tasks(engine: sa.Engine, plugin_id: str, *, task_id: int = 0, key: str = "") -> int:
    """Take a task out of a plugin's queue, by its id or key; returns its id, 0 if it is not there.

    Raises ``DatabaseError``.
    """
    wanted = table.c.id == task_id if task_id else table.c.key == key
    statement = sa.delete(table).where(table.c.plugin_id == plugin_id, wanted).returning(table.c.id)
    with writing(engine) as connection:
        return connection.execute(statement).scalar_one_or_none() or 0


def retry_task(engine: sa.Engine, task_id: int, now: int) -> bool:
    """Have a task that waits or was set aside executed now, with all its attempts. Returns whether there is one.

    Raises ``DatabaseError``.
    """
    waits = table.c.state.in_([TaskState.SET_ASIDE, TaskState.DELAYED, TaskState.READY])
    values = {"state": TaskState.READY, "failed": 0, "due_at": now}
    with writing(engine) as connection:
        found = connection.execute(sa.update(table).where(table.c.id == task_id, waits).values(values))
    return found.rowcount > 0


def forget_tasks(engine: sa.Engine, plugin_id: str) -> None:
    """Delete all of a plugin's tasks and schedules. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))
        connection.execute(sa.delete(plugin_schedules).where(plugin_schedules.c.plugin_id == plugin_id))


def _row(plugin_id: str, task: EnqueuedTask, now: int) -> Mapping[str, object]:
    return {
        "plugin_id": plugin_id,
        "name": task.name,
        "key": task.key or None,
        "data": task.data,
        "state": TaskState.DELAYED.value if task.due_at > now else TaskState.READY.value,
        "rank": -task.priority,
        "due_at": task.due_at or now,
        "attempts": task.attempts,
        "now": now,
        "scheduled_at": task.scheduled_at,
        "missed": task.missed,
    }


def _queued(row: sa.Row[tuple[object, ...]]) -> QueuedTask:
    running = row.state == TaskState.RUNNING
    return QueuedTask(
        id=row.id,
        plugin_id=row.plugin_id,
        name=row.name,
        key=row.key or "",
        state=TaskState(row.state),
        priority=-row.rank,
        due_at=row.due_at,
        failed=row.failed - running,
        attempts=row.attempts,
        error=row.error,
        enqueued_at=row.enqueued_at,
        data=json.loads(row.data) if row.data else None,
    )


_COLUMNS = (
    "INSERT INTO plugin_tasks (plugin_id, name, key, data, state, rank, due_at, failed, attempts, again, error, "
    "enqueued_at, scheduled_at, missed) VALUES (:plugin_id, :name, :key, :data, :state, :rank, :due_at, 0, :attempts, "
    "false, '', :now, :scheduled_at, :missed) ON CONFLICT (plugin_id, key) DO NOTHING"
)
_INSERT = sa.text(_COLUMNS)
_INSERT_ONE = sa.text(f"{_COLUMNS} RETURNING id")
_AGAIN = sa.text(
    "UPDATE plugin_tasks SET again = true, name = :name, data = :data, rank = :rank, attempts = :attempts, "
    "scheduled_at = :scheduled_at, missed = :missed WHERE plugin_id = :plugin_id AND key = :key AND state = 'running'"
)
"""One statement each for both databases."""
