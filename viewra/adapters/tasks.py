"""The host's side of tasks; its mirror image is viewra/sdk/servicers/tasks.py.

No hook leads here: the queue executes the tasks of one plugin. The adapter is for a task that an operator makes.
"""

from __future__ import annotations

from collections.abc import Generator

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.adapters._exchange import Exchange
from viewra.codec import lifecycle
from viewra.codec.tasks import EXECUTE
from viewra.hookspecs import hookimpl
from viewra.types import Later, Result, Task, TaskDone


class TaskClient:
    """One plugin's ``TaskService``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def deadline_s(self) -> float:
        """Seconds that one task may take."""
        return self._endpoint.deadline_s(EXECUTE.method)

    def open(self, task: Task) -> Exchange[Task, TaskDone]:
        """Begin a task, which ends with its deadline; starts the plugin if need be. Raises a PluginError."""
        return self._endpoint.stream(EXECUTE, only=task, most_s=self.deadline_s)

    def execute_task(self, task: Task) -> Later | None:
        """Execute a task and wait for its end. Raises a PluginError."""
        with self.open(task) as exchange:
            done = exchange.receive(self.deadline_s)
        return done.later if done is not None else None


class TaskAdapter(ServiceAdapter):
    """Executes a task that is in no queue: by hand."""

    capability = lifecycle.SERVICE
    """Whether it executes tasks is for its process to show."""

    @hookimpl(wrapper=True)
    def execute_task(
        self, name: str, data: object = None, key: str = ""
    ) -> Generator[None, list[Result[Later | None]], list[Result[Later | None]]]:
        """Execute a task once, whatever is in the queue."""
        task = Task(0, name, data, key)
        pending = self._begin_work(lambda: TaskClient(self._endpoint).execute_task(task))
        return self._add((yield), pending)
