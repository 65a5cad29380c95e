"""The plugin's side of its tasks; its mirror image is viewra/adapters/tasks.py."""

from __future__ import annotations

from functools import partial

from viewra.batch import execute_task
from viewra.codec.tasks import EXECUTE
from viewra.sdk.servicers._handlers import Handler, handle_stream
from viewra.services import TaskService


def handlers(service: TaskService) -> list[Handler]:
    """The procedure that executes a task."""
    return [handle_stream(EXECUTE, partial(execute_task, service))]
