"""The schedules of plugins: what they put into the queue, what is missed, and what a manifest declares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from viewra.bridge import NoExecutor
from viewra.bridge.schedules import ScheduleService
from viewra.db import plugin_schedules
from viewra.db.plugin_schedules import (
    NewSchedule,
    bring_forward,
    enqueue_scheduled,
    first_run,
    next_scheduled,
    set_declared,
)
from viewra.db.plugin_tasks import list_tasks
from viewra.db.task_turns import Attempt, take_turn
from viewra.errors import UsageError
from viewra.types import Task

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def declare(engine: sa.Engine, **texts: str) -> None:
    set_declared(engine, "one", [NewSchedule(name, text, b"", first_run(text, NOON)) for name, text in texts.items()])


def enqueue(engine: sa.Engine, now: datetime) -> set[str]:
    return enqueue_scheduled(engine, ["one"], now, lambda _plugin: 3)


def take(engine: sa.Engine, ended: Attempt | None = None) -> Task | None:
    return take_turn(engine, "one", "here", ended, more=True, now=micros(NOON), until=micros(NOON))


def test_a_run_that_is_due_is_a_task(engine: sa.Engine) -> None:
    declare(engine, refresh="30 * * * *", sweep="every 6h")
    assert next_scheduled(engine, ["one"]) == micros(NOON + timedelta(minutes=30))
    assert next_scheduled(engine, ["two"]) is None
    assert enqueue(engine, NOON + timedelta(minutes=29)) == set()
    assert enqueue(engine, NOON + timedelta(minutes=31)) == {"one"}
    task = take(engine)
    assert task is not None
    assert (task.name, task.due_at, task.missed, task.attempts) == (
        "refresh",
        micros(NOON + timedelta(minutes=30)),
        0,
        3,
    )
    assert take(engine, Attempt(task.id, done=True)) is None
    assert next_scheduled(engine, ["one"]) == micros(NOON + timedelta(minutes=90))


def test_missed_runs_are_told_by_one_task(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(engine, refresh="30 * * * *", sweep="every 1h")
    enqueue(engine, NOON + timedelta(hours=3, minutes=5))
    found = {task.name: task for task in (take(engine), take(engine)) if task is not None}
    assert found["refresh"].missed == 2
    assert found["refresh"].due_at == micros(NOON + timedelta(hours=2, minutes=30))
    assert (found["sweep"].missed, found["sweep"].due_at) == (2, micros(NOON + timedelta(hours=3)))
    monkeypatch.setattr(plugin_schedules, "MOST_MISSED", 4)
    enqueue(engine, NOON + timedelta(days=300))
    assert next_scheduled(engine, ["one"]) is not None
    assert len(list_tasks(engine, "one", limit=9)) == 2


def test_a_run_that_waits_stands_for_those_behind_it(engine: sa.Engine) -> None:
    declare(engine, refresh="30 * * * *")
    enqueue(engine, NOON + timedelta(minutes=31))
    enqueue(engine, NOON + timedelta(minutes=91))
    enqueue(engine, NOON + timedelta(minutes=151))
    task = take(engine)
    assert task is not None
    assert (task.missed, task.due_at) == (2, micros(NOON + timedelta(minutes=150)))
    assert take(engine) is None


def test_what_is_declared_again_keeps_its_time(engine: sa.Engine) -> None:
    service = ScheduleService(engine, "one", NoExecutor())
    service.set("own", "@daily", b"[1]")
    declare(engine, refresh="every 1h", gone="every 2h")
    first = next_scheduled(engine, ["one"])
    set_declared(engine, "one", [NewSchedule("refresh", "every 1h", b"", 5)])
    assert [(one.name, one.declared, one.schedule) for one in service.list()] == [
        ("own", False, "@daily"),
        ("refresh", True, "every 1h"),
    ]
    assert first == micros(NOON + timedelta(hours=1))
    assert next_scheduled(engine, ["one"]) == first
    with pytest.raises(UsageError, match="the manifest declares the schedule 'refresh'"):
        service.set("refresh", "every 3h", b"")
    with pytest.raises(UsageError, match="is not a schedule"):
        service.set("x", "when I say so", b"")
    assert not service.remove("refresh")
    assert service.remove("own")


def test_runs_come_in_time_after_the_clock_was_set_back(engine: sa.Engine) -> None:
    declare(engine, refresh="every 1h", sweep="30 * * * *")
    bring_forward(engine, NOON)
    assert {one.next_at for one in plugin_schedules.list_schedules(engine, "one")} == {
        micros(NOON + timedelta(minutes=30)),
        micros(NOON + timedelta(minutes=60)),
    }
    back = NOON - timedelta(days=400, minutes=10)
    bring_forward(engine, back)
    assert [one.next_at for one in plugin_schedules.list_schedules(engine, "one")] == [
        micros(back + timedelta(hours=1)),
        micros(back + timedelta(minutes=40)),
    ]
