"""``schedule``: when tasks are put into a plugin's queue, in the host's database."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.bridge.tasks import Executor
from viewra.db.plugin_schedules import (
    NewSchedule,
    first_run,
    list_schedules,
    remove_schedule,
    set_schedule,
)
from viewra.errors import UsageError
from viewra.schedules import local_now, parse_schedule
from viewra.types import TaskSchedule

MAX_SCHEDULES = 100


class ScheduleService:
    """The schedules of one plugin. Thread-safe."""

    def __init__(self, engine: sa.Engine, plugin_id: str, executor: Executor) -> None:
        self._engine = engine
        self._plugin_id = plugin_id
        self._executor = executor

    def set(self, name: str, schedule: str, data: bytes) -> None:
        """Store a schedule that the manifest does not declare."""
        if any(one.declared and one.name == name for one in list_schedules(self._engine, self._plugin_id)):
            raise UsageError(f"the manifest declares the schedule {name!r}", hint="use another name")
        text = parse_schedule(schedule).text
        new = NewSchedule(name, text, data, first_run(text, local_now()))
        set_schedule(self._engine, self._plugin_id, new, most=MAX_SCHEDULES)
        self._executor.enqueued(self._plugin_id)

    def remove(self, name: str) -> bool:
        """Forget a schedule."""
        return remove_schedule(self._engine, self._plugin_id, name)

    def list(self) -> list[TaskSchedule]:
        """The schedules, by name."""
        return list_schedules(self._engine, self._plugin_id)
