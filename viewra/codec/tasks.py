"""``viewra.v1.TaskService``: tasks that a plugin executes."""

from __future__ import annotations

import json

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue
from viewra.codec.streams import StreamRpc, stream
from viewra.pb import viewra_pb2 as v1
from viewra.services import EXTENSIONS
from viewra.types import Later, Task, TaskDone

SERVICE = EXTENSIONS["tasks"].capability
MAX_LATER_S = 7 * 86_400.0
"""How far a plugin can put off a task that it is given."""


def _task_message(task: Task) -> v1.Task:
    return v1.Task(
        id=task.id,
        name=task.name,
        data=b"" if task.data is None else json.dumps(task.data, separators=(",", ":"), allow_nan=False).encode(),
        key=task.key,
        attempt=task.attempt,
        attempts=task.attempts,
        due_at=task.due_at,
        missed=task.missed,
    )


def _task(message: v1.Task) -> Task:
    try:
        data = json.loads(message.data) if message.data else None
    except (ValueError, RecursionError) as error:
        raise InvalidValue("data", "is not JSON") from error
    return Task(
        message.id,
        message.name,
        data,
        message.key,
        message.attempt,
        message.attempts,
        message.due_at,
        message.missed,
    )


def _check(value: object) -> Later | None:
    if value is None:
        return None
    later = checks.instance(value, "result", Later)
    seconds: object = later.seconds  # the annotation binds no author
    if not isinstance(seconds, int | float) or not 0.001 <= seconds <= MAX_LATER_S:
        raise InvalidValue("result.seconds", f"must be a number from 0.001 to {MAX_LATER_S:g}")
    return later


def _check_done(value: object) -> TaskDone:
    return TaskDone(_check(checks.instance(value, "result", TaskDone).later))


def _done_message(done: TaskDone) -> v1.TaskDone:
    return v1.TaskDone(again_ms=int(done.later.seconds * 1000) if done.later is not None else 0)


def _done(message: v1.TaskDone) -> TaskDone:
    return TaskDone(Later(message.again_ms / 1000) if message.again_ms else None)


EXECUTE: StreamRpc[Task, TaskDone] = stream(
    service=SERVICE,
    method="execute_task",
    path="/viewra.v1.TaskService/ExecuteTask",
    request=v1.Task,
    response=v1.TaskDone,
    encode_item=_task_message,
    decode_item=_task,
    encode_value=_done_message,
    decode_value=_done,
    check=_check_done,
)
"""A stream, so that a task that takes long takes no thread from calls, and can be ended."""
