"""Stores the schedules of plugins, and puts the tasks of those that are due into the queues."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from viewra.db.plugin_tasks import EnqueuedTask, put
from viewra.db.task_tables import plugin_schedules as table
from viewra.db.task_tables import plugin_tasks
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.schedules import parse_schedule
from viewra.types import TaskSchedule, TaskState

KEY = "schedule "
"""What the keys of scheduled tasks begin with: of one schedule at most one task waits."""
MOST_MISSED = 10_000
"""Missed runs that are counted."""


@attrs.frozen
class NewSchedule:
    """A schedule to store: ``data`` is JSON, ``next_at`` in microseconds since the epoch, None: it does not come."""

    name: str
    schedule: str
    data: bytes
    next_at: int | None


def set_schedule(engine: sa.Engine, plugin_id: str, new: NewSchedule, *, declared: bool = False, most: int = 0) -> None:
    """Store a schedule in place of the one with its name; the time of the next run stays if the schedule is the same.

    Raises UsageError if the plugin would have more than ``most`` (0: any number), and ``DatabaseError``.
    """
    with writing(engine) as connection:
        names = set(connection.scalars(sa.select(table.c.name).where(table.c.plugin_id == plugin_id)))
        if most and new.name not in names and len(names) >= most:
            raise UsageError(f"there are {most} schedules already", hint="remove one first")
        _store(connection, plugin_id, new, declared=declared)


def set_declared(engine: sa.Engine, plugin_id: str, schedules: Sequence[NewSchedule]) -> None:
    """Store the schedules that a plugin's manifest declares, in place of those before. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        names = [one.name for one in schedules]
        gone = (table.c.plugin_id == plugin_id, table.c.declared, table.c.name.not_in(names))
        connection.execute(sa.delete(table).where(*gone))
        for one in schedules:
            _store(connection, plugin_id, one, declared=True)


def remove_schedule(engine: sa.Engine, plugin_id: str, name: str) -> bool:
    """Forget a schedule that the plugin has set; whether there was one. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        ours = (table.c.plugin_id == plugin_id, table.c.name == name, sa.not_(table.c.declared))
        return connection.execute(sa.delete(table).where(*ours)).rowcount > 0


def list_schedules(engine: sa.Engine, plugin_id: str) -> list[TaskSchedule]:
    """The schedules of a plugin, by name. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(table).where(table.c.plugin_id == plugin_id).order_by(table.c.name))
        return [TaskSchedule(row.name, row.schedule, row.declared, row.next_at) for row in rows]


def next_scheduled(engine: sa.Engine, plugin_ids: Collection[str]) -> int | None:
    """When the next schedule of these plugins is due, in microseconds since the epoch; None: none comes."""
    query = sa.select(sa.func.min(table.c.next_at)).where(table.c.plugin_id.in_(plugin_ids))
    with reading(engine) as connection:
        return connection.execute(query).scalar_one_or_none()


def bring_forward(engine: sa.Engine, now: datetime) -> None:
    """Correct the schedules whose next run is later than they say, since the clock was set back after it was stored.

    Raises ``DatabaseError``.
    """
    with writing(engine) as connection:
        for row in connection.execute(sa.select(table).where(table.c.next_at > _micros(now))).all():
            following = first_run(row.schedule, now)
            if following is not None and following < row.next_at:
                this = (table.c.plugin_id == row.plugin_id, table.c.name == row.name)
                connection.execute(sa.update(table).where(*this).values(next_at=following))


def enqueue_scheduled(
    engine: sa.Engine,
    plugin_ids: Collection[str],
    now: datetime,
    attempts: Callable[[str], int],
) -> set[str]:
    """Put a task of each due schedule of these plugins into its queue; returns the plugins that have one.

    One task stands for all runs until ``now``: it has the time of the last one, and how many before it were missed.
    Raises ``DatabaseError``.
    """
    moment = _micros(now)
    due = (table.c.plugin_id.in_(plugin_ids), table.c.next_at <= moment)
    with reading(engine) as connection:
        if connection.execute(sa.select(table.c.name).where(*due).limit(1)).first() is None:
            return set()
    with writing(engine) as connection:
        rows = connection.execute(sa.select(table).where(*due)).all()
        for row in rows:
            last, missed, following = _runs(row.schedule, row.next_at, now)
            _enqueue(connection, row, last, missed, attempts(row.plugin_id), moment)
            this = (table.c.plugin_id == row.plugin_id, table.c.name == row.name)
            connection.execute(sa.update(table).where(*this).values(next_at=following))
        return {row.plugin_id for row in rows}


def first_run(text: str, now: datetime) -> int | None:
    """When a schedule is due after ``now``, in microseconds since the epoch. Raises UsageError for no schedule."""
    following = parse_schedule(text).next_after(now)
    return _micros(following) if following is not None else None


def _runs(text: str, first: int, now: datetime) -> tuple[int, int, int | None]:
    """The last of the runs from ``first`` until ``now``, how many come before it, and the next one after ``now``."""
    schedule = parse_schedule(text)
    last, missed = first, 0
    while missed < MOST_MISSED:
        following = schedule.next_after(datetime.fromtimestamp(last / 1_000_000, now.tzinfo))
        if following is None or following > now:
            break
        last, missed = _micros(following), missed + 1
    return last, missed, first_run(text, now)


def _enqueue(
    connection: sa.Connection, row: sa.Row[*tuple[object, ...]], last: int, missed: int, attempts: int, now: int
) -> None:
    key = f"{KEY}{row.name}"
    waits = (
        plugin_tasks.c.plugin_id == row.plugin_id,
        plugin_tasks.c.key == key,
        plugin_tasks.c.state != TaskState.RUNNING,
    )
    told = {"scheduled_at": last, "missed": plugin_tasks.c.missed + missed + 1}
    if connection.execute(sa.update(plugin_tasks).where(*waits).values(told)).rowcount:
        return  # the run before it has not been executed yet
    task = EnqueuedTask(row.name, row.data, key, attempts=attempts, scheduled_at=last, missed=missed)
    put(connection, row.plugin_id, [task], now)


def _store(connection: sa.Connection, plugin_id: str, new: NewSchedule, *, declared: bool) -> None:
    this = (table.c.plugin_id == plugin_id, table.c.name == new.name)
    row = connection.execute(sa.select(table.c.schedule, table.c.next_at).where(*this)).one_or_none()
    values: Mapping[str, object] = {"schedule": new.schedule, "data": new.data, "declared": declared}
    if row is None:
        connection.execute(sa.insert(table).values(plugin_id=plugin_id, name=new.name, next_at=new.next_at, **values))
    else:
        following = row.next_at if row.schedule == new.schedule else new.next_at
        connection.execute(sa.update(table).where(*this).values(next_at=following, **values))


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
