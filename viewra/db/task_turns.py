"""Takes tasks out of queues, and notes how each attempt ended.

A host that executes a task has a claim to it, which ends unless the host renews it: a task whose host was killed is
executed by the next. An attempt counts from its begin, so a task that kills its host is set aside like any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from viewra.db.task_tables import plugin_tasks as table
from viewra.db.transactions import reading, writing
from viewra.types import Task, TaskState

LOST = "its host ended while it was executed"


@attrs.frozen
class Attempt:
    """How an attempt ended: ``done``; or ``error`` says why it failed; or else it does not count.

    ``due_at`` is when the next attempt is, in microseconds since the epoch. ``last``: there is to be no other.
    ``blameless``: the error is shown, but the attempt does not count.
    """

    task_id: int
    done: bool = False
    error: str = ""
    due_at: int = 0
    last: bool = False
    blameless: bool = False


def take_turn(
    engine: sa.Engine, plugin_id: str, owner: str, ended: Attempt | None, *, more: bool, now: int, until: int
) -> Task | None:
    """Note how the attempt before ended and, if ``more``, claim the plugin's next task until the time ``until``.

    Both are one transaction, so a task takes one. Raises ``DatabaseError``.
    """
    with writing(engine) as connection:
        if ended is not None:
            _note(connection, owner, ended, now)
        return _claim(connection, plugin_id, owner, until) if more else None


def wake_tasks(engine: sa.Engine, owner: str, now: int) -> set[str]:
    """Make ready what is due, and what another host's claim to has ended; returns the plugins whose tasks are ready.

    Raises ``DatabaseError``.
    """
    due = table.c.due_at <= now
    with reading(engine) as connection:
        waits = sa.select(table.c.id).where(table.c.state.in_([TaskState.DELAYED, TaskState.RUNNING]), due).limit(1)
        if connection.execute(waits).first() is None:
            return set()
    with writing(engine) as connection:
        delayed = sa.update(table).where(table.c.state == TaskState.DELAYED, due).values(state=TaskState.READY)
        woken = set(connection.scalars(delayed.returning(table.c.plugin_id)))
        return woken | _lost(connection, sa.and_(due, table.c.owner != owner))


def reclaim(engine: sa.Engine, *, owner: str = "") -> None:
    """Make ready what is claimed by ``owner``, without counting the attempt; with none, what any host had claimed.

    The latter is for a host that knows that there is no other, and counts the attempt. Raises ``DatabaseError``.
    """
    with writing(engine) as connection:
        if not owner:
            _lost(connection, sa.true())
            return
        values = {"state": TaskState.READY, "failed": table.c.failed - 1, "owner": None}
        connection.execute(
            sa.update(table).where(table.c.state == TaskState.RUNNING, table.c.owner == owner).values(values)
        )


def renew(engine: sa.Engine, owner: str, until: int) -> None:
    """Extend the claims of a host to this time. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        claimed = (table.c.state == TaskState.RUNNING, table.c.owner == owner)
        connection.execute(sa.update(table).where(*claimed).values(due_at=until))


def next_due(engine: sa.Engine) -> int | None:
    """When the next task is due, in microseconds since the epoch; None: none waits. Raises ``DatabaseError``."""
    query = sa.select(sa.func.min(table.c.due_at)).where(table.c.state == TaskState.DELAYED)
    with reading(engine) as connection:
        return connection.execute(query).scalar_one_or_none()


def ready_plugins(engine: sa.Engine, plugin_ids: Iterable[str]) -> list[str]:
    """Those of these plugins that have a task to execute now. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return [one for one in plugin_ids if connection.execute(_READY, {"plugin": one}).first() is not None]


def _note(connection: sa.Connection, owner: str, ended: Attempt, now: int) -> None:
    """A task that was cancelled, or that another host has claimed meanwhile, is no longer this host's."""
    ours = {"task": ended.task_id, "owner": owner}
    row = connection.execute(_OURS, ours).one_or_none()
    if row is None:
        return
    if ended.done and not row.again:
        connection.execute(_DELETE, ours)
        return
    counts = bool(ended.error) and not ended.blameless
    used_up = counts and not row.again and (ended.last or row.failed >= row.attempts)
    waits = TaskState.DELAYED if ended.due_at > now else TaskState.READY
    values = {
        "state": TaskState.SET_ASIDE.value if used_up else waits.value,
        "failed": 0 if row.again else row.failed - (not counts),
        "error": ended.error,
        "due_at": max(ended.due_at, now),
    }
    connection.execute(_END, ours | values)


def _claim(connection: sa.Connection, plugin_id: str, owner: str, until: int) -> Task | None:
    row = connection.execute(_NEXT, {"plugin": plugin_id}).one_or_none()
    if row is None:
        return None
    connection.execute(_CLAIM, {"task": row.id, "host": owner, "until": until})
    data = json.loads(row.data) if row.data else None
    return Task(row.id, row.name, data, row.key or "", row.failed + 1, row.attempts, row.scheduled_at, row.missed)


def _lost(connection: sa.Connection, which: sa.ColumnElement[bool]) -> set[str]:
    """Return tasks to their queues whose hosts have ended: set aside where this was the last attempt."""
    used_up = sa.and_(table.c.failed >= table.c.attempts, sa.not_(table.c.again))
    state = sa.case((used_up, TaskState.SET_ASIDE.value), else_=TaskState.READY.value)
    failed = sa.case((table.c.again, 0), else_=table.c.failed)
    values = {"state": state, "failed": failed, "again": False, "owner": None, "error": LOST}
    statement = sa.update(table).where(table.c.state == TaskState.RUNNING, which).values(values)
    return set(connection.scalars(statement.returning(table.c.plugin_id)))


_READY = (
    sa.select(table.c.id).where(table.c.plugin_id == sa.bindparam("plugin"), table.c.state == TaskState.READY).limit(1)
)
_NEXT = (
    sa.select(table)
    .where(table.c.plugin_id == sa.bindparam("plugin"), table.c.state == TaskState.READY)
    .order_by(table.c.rank, table.c.id)
    .limit(1)
)
_CLAIM = (
    sa.update(table)
    .where(table.c.id == sa.bindparam("task"))
    .values(
        state=TaskState.RUNNING,
        failed=table.c.failed + 1,
        owner=sa.bindparam("host"),
        due_at=sa.bindparam("until"),
    )
)
_OURS = sa.text(
    "SELECT again, failed, attempts FROM plugin_tasks WHERE id = :task AND owner = :owner AND state = 'running'"
)
_DELETE = sa.text("DELETE FROM plugin_tasks WHERE id = :task AND owner = :owner")
_END = sa.text(
    "UPDATE plugin_tasks SET state = :state, failed = :failed, error = :error, due_at = :due_at, owner = NULL, "
    "again = false WHERE id = :task AND owner = :owner"
)
"""Built once: each task takes them."""
