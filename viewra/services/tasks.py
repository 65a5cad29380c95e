"""Executing the tasks that a plugin has put into its queue, as an author implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import Later, Task


@runtime_checkable
class TaskService(Protocol):
    """An optional extension: executes tasks that ``self.host.tasks`` or a schedule has put into the plugin's queue."""

    def execute_task(self, task: Task) -> Later | None:
        """MUST do the task; a second time, too, as a task is executed at least once. Raises if the attempt failed.

        MAY return ``Later(seconds)`` to have it executed again, without counting this as an attempt.
        """
        ...
