"""``self.host.schedule``: tasks that the host enqueues at certain times."""

from __future__ import annotations

from viewra.codec.host import tasks as codec
from viewra.sdk.host.asking import Client
from viewra.types import TaskSchedule


class Schedules(Client):
    """The schedules of this plugin: at each time the host enqueues a task with the schedule's name.

    While the task of one time waits, those of later times are missed: ``task.missed`` says how many. So are those at
    which no host ran, or the plugin was disabled. A manifest declares schedules as ``schedules: {name: "every 6h"}``.
    """

    def set(self, name: str, schedule: str, data: object = None) -> None:
        """Have ``execute_task`` called at these times, in place of those of the schedule with this name.

        ``schedule`` is an interval (``every 6h``), five fields as cron has them (``30 3 * * mon``), or ``@hourly``,
        ``@daily``, ``@weekly``, ``@monthly``, in the host's local time. Raises UsageError for any other text, and for
        more than a hundred schedules.
        """
        self._ask(codec.SCHEDULE_SET, {"name": name, "schedule": schedule, "data": data})

    def remove(self, name: str) -> bool:
        """Forget a schedule that ``set`` has set; whether there was one."""
        return bool(self._ask(codec.SCHEDULE_REMOVE, {"name": name}))

    def list(self) -> tuple[TaskSchedule, ...]:
        """The schedules, by name, those of the manifest too."""
        found: tuple[TaskSchedule, ...] = self._ask(codec.SCHEDULE_LIST, {})
        return found
