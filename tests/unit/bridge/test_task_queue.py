"""The queue of tasks in both databases: what is enqueued once, in which order it is taken, and how attempts end."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.plugin_tasks import (
    EnqueuedTask,
    cancel_tasks,
    count_tasks,
    list_tasks,
    put_tasks,
    read_task,
    retry_task,
)
from viewra.db.task_turns import LOST, Attempt, next_due, ready_plugins, reclaim, renew, take_turn, wake_tasks
from viewra.types import QueuedTask, Task, TaskState

NOW = 1_000_000


def put(engine: sa.Engine, *tasks: EnqueuedTask, plugin: str = "one") -> tuple[int, int]:
    return put_tasks(engine, plugin, tasks, NOW)


def take(engine: sa.Engine, ended: Attempt | None = None, owner: str = "here", now: int = NOW) -> Task | None:
    return take_turn(engine, "one", owner, ended, more=True, now=now, until=now + 60)


def taken(engine: sa.Engine, owner: str = "here", now: int = NOW) -> Task:
    task = take(engine, owner=owner, now=now)
    assert task is not None
    return task


def end(engine: sa.Engine, ended: Attempt, owner: str = "here", now: int = NOW) -> None:
    assert take_turn(engine, "one", owner, ended, more=False, now=now, until=now) is None


def only(engine: sa.Engine) -> QueuedTask:
    (task,) = list_tasks(engine, "one", limit=10)
    return task


def test_tasks_are_taken_by_priority_and_age_and_are_gone_when_done(engine: sa.Engine) -> None:
    assert put(engine, EnqueuedTask("a", b"[1]"), EnqueuedTask("b", b"", priority=3))[0] == 2
    assert put(engine, EnqueuedTask("c", b"", priority=-1), plugin="two") == (1, 3)
    put(engine, EnqueuedTask("d", b"", priority=3, attempts=2))
    assert ready_plugins(engine, ["one", "two", "three"]) == ["one", "two"]
    first = taken(engine)
    second = take(engine, Attempt(first.id, done=True))
    assert second is not None
    third = take(engine, Attempt(second.id, done=True))
    assert third is not None
    assert [first.name, second.name, third.name] == ["b", "d", "a"]
    assert (second.attempts, third.data) == (2, [1])
    assert take(engine, Attempt(third.id, done=True)) is None
    assert count_tasks(engine) == {"two": {TaskState.READY: 1}}


def test_a_key_is_there_once_and_once_more_while_it_is_executed(engine: sa.Engine) -> None:
    assert put(engine, *[EnqueuedTask("a", b"1", "key")] * 3) == (1, 0)
    assert put(engine, EnqueuedTask("a", b"2", "key")) == (0, 0)
    assert put(engine, EnqueuedTask("a", b"", "key"), plugin="two")[0] == 1, "another plugin's key"
    task = taken(engine)
    assert task.data == 1
    put(engine, EnqueuedTask("a", b"3", "key"))
    again = take(engine, Attempt(task.id, done=True))
    assert again is not None
    assert (again.data, again.attempt) == (3, 1)
    end(engine, Attempt(again.id, done=True))
    assert put(engine, EnqueuedTask("a", b"4", "key"))[0] == 1


def test_a_task_is_set_aside_when_its_attempts_have_failed(engine: sa.Engine) -> None:
    _, number = put(engine, EnqueuedTask("a", b"", "key", attempts=2))
    end(engine, Attempt(taken(engine).id, error="no luck", due_at=NOW + 50))
    assert (only(engine).state, only(engine).failed, only(engine).error) == (TaskState.DELAYED, 1, "no luck")
    assert take(engine) is None
    assert next_due(engine) == NOW + 50
    assert wake_tasks(engine, "here", NOW + 49) == set()
    assert wake_tasks(engine, "here", NOW + 50) == {"one"}
    end(engine, Attempt(taken(engine).id, error="no luck again", due_at=NOW + 500))
    assert (only(engine).state, only(engine).failed) == (TaskState.SET_ASIDE, 2)
    assert put(engine, EnqueuedTask("a", b"", "key"))[0] == 0, "what was set aside is for the operator"
    assert retry_task(engine, number, NOW)
    assert taken(engine).attempt == 1
    assert not retry_task(engine, number, NOW), "it is executed"


def test_what_does_not_count_is_no_attempt(engine: sa.Engine) -> None:
    put(engine, EnqueuedTask("a", b"", attempts=1))
    for _ in range(3):
        end(engine, Attempt(taken(engine).id))
    end(engine, Attempt(taken(engine).id, due_at=NOW + 5))
    assert (only(engine).state, only(engine).failed, only(engine).due_at) == (TaskState.DELAYED, 0, NOW + 5)


def test_claims_of_hosts(engine: sa.Engine) -> None:
    put(engine, EnqueuedTask("a", b"", attempts=2))
    task = taken(engine, "there")
    assert wake_tasks(engine, "here", NOW + 59) == set()
    renew(engine, "there", NOW + 200)
    assert wake_tasks(engine, "here", NOW + 199) == set()
    assert wake_tasks(engine, "there", NOW + 200) == set(), "its own"
    assert wake_tasks(engine, "here", NOW + 200) == {"one"}
    assert taken(engine, "here").attempt == 2
    end(engine, Attempt(task.id, done=True), "there")
    assert only(engine).state == TaskState.RUNNING, "the host that lost it has no say"
    reclaim(engine, owner="here")
    assert (only(engine).state, only(engine).failed) == (TaskState.READY, 1), "an orderly end is no attempt"
    taken(engine, "here")
    reclaim(engine)
    assert (only(engine).state, only(engine).error) == (TaskState.SET_ASIDE, LOST), "it may have killed its hosts"


def test_a_cancelled_task_leaves_nothing_to_note(engine: sa.Engine) -> None:
    _, number = put(engine, EnqueuedTask("a", b"", "key"))
    task = taken(engine)
    assert cancel_tasks(engine, "two", key="key") == 0
    assert cancel_tasks(engine, "one", key="key") == number
    end(engine, Attempt(task.id, error="ended", due_at=NOW))
    assert read_task(engine, number) is None
    assert count_tasks(engine) == {}
