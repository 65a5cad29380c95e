"""The check suite of a plugin's tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from viewra.adapters.tasks import TaskClient
from viewra.errors import NotOffered
from viewra.types import Task


class WithTasks(Protocol):
    """A plugin that executes tasks."""

    @property
    def tasks(self) -> TaskClient:
        """Its tasks."""
        ...


def check_tasks(plugin: WithTasks, tasks: Iterable[Task]) -> None:
    """Check that it executes each of these tasks, and once more: a task is executed at least once."""
    for task in tasks:
        for attempt in ("the first", "a second"):
            try:
                plugin.tasks.execute_task(task)
            except NotOffered as error:
                raise AssertionError("the plugin has no method execute_task") from error
            except Exception as error:  # an author reads which task it was
                raise AssertionError(f"the task {task.name} failed at {attempt} time: {error}") from error
