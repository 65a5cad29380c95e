"""``self.host.tasks`` and ``self.host.schedule``: the queue of a plugin's tasks, and when some are put into it."""

from __future__ import annotations

from typing import Any

import attrs

from viewra import types
from viewra.codec import checks
from viewra.codec.host.json_data import json_data
from viewra.codec.host.library import encode_plain
from viewra.codec.host.method import HostMethod, number, optional
from viewra.codec.rpc import InvalidValue

MAX_NAME_BYTES = 200
MAX_KEY_BYTES = 512
MAX_AT_ONCE = 1000
"""Tasks in one request, and in one answer of ``list``."""
MAX_DELAY_S = 366 * 86_400.0
MAX_PRIORITY = 10
MAX_ATTEMPTS = 100

_delay = number(0, MAX_DELAY_S)


@attrs.frozen
class Given:
    """A task that a plugin enqueues: checked, with its data as JSON."""

    name: str
    data: bytes
    key: str
    delay_s: float
    priority: int
    attempts: int | None


def short_text(value: object, field: str, most: int) -> str:
    """A text that both databases keep; raises InvalidValue for one that has more bytes."""
    text = checks.text(value or "", field)
    if len(text.encode()) > most:
        raise InvalidValue(field, f"has more than {most:,} bytes")
    if "\0" in text:
        raise InvalidValue(field, "has a null character")
    return text


def task_name(value: object, field: str) -> str:
    """The name of a task or schedule."""
    return short_text(checks.required(value, field), field, MAX_NAME_BYTES)


def task_data(value: object, field: str) -> bytes:
    """The data of a task as JSON; empty for None."""
    return b"" if value is None else json_data(value, field)


def _tasks(value: object, field: str) -> list[Given]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_AT_ONCE:
        raise InvalidValue(field, f"must be a list of 1 to {MAX_AT_ONCE:,} tasks")
    return [_task(one, f"{field}[{index}]") for index, one in enumerate(value)]


def _task(value: object, field: str) -> Given:
    if not isinstance(value, dict):
        raise InvalidValue(field, "must be an object")
    if unknown := value.keys() - _FIELDS:
        raise InvalidValue(field, f"has no field {min(unknown)!r}"[:200])
    attempts = value.get("attempts")
    return Given(
        task_name(value.get("name"), f"{field}.name"),
        task_data(value.get("data"), f"{field}.data"),
        short_text(value.get("key"), f"{field}.key", MAX_KEY_BYTES),
        float(_delay(value.get("delay_s", 0.0), f"{field}.delay_s")),  # type: ignore[arg-type]
        checks.whole(value.get("priority", 0), f"{field}.priority", least=-MAX_PRIORITY, most=MAX_PRIORITY),
        None if attempts is None else checks.whole(attempts, f"{field}.attempts", least=1, most=MAX_ATTEMPTS),
    )


def _state(value: object, field: str) -> types.TaskState:
    for state in types.TaskState:
        if value == state:
            return state
    raise InvalidValue(field, f"must be one of {', '.join(types.TaskState)}")


def _queued(value: Any, data: bytes) -> tuple[types.QueuedTask, ...]:
    del data
    return tuple(types.QueuedTask(**{**row, "state": types.TaskState(row["state"])}) for row in value)


def _whole(most: int) -> Any:
    return lambda value, field: checks.whole(0 if value is None else value, field, least=0, most=most)


_FIELDS = {field.name for field in attrs.fields(Given)}

ENQUEUE: HostMethod[Any] = HostMethod(
    "tasks.enqueue", {"tasks": _tasks}, decode=lambda value, _data: (value["new"], value["id"])
)
LIST: HostMethod[Any] = HostMethod(
    "tasks.list",
    {
        "state": optional(_state),
        "after": _whole(2**53),
        "limit": lambda value, field: checks.whole(value, field, least=1, most=MAX_AT_ONCE),
    },
    encode=encode_plain,
    decode=_queued,
)
COUNT: HostMethod[Any] = HostMethod(
    "tasks.count", decode=lambda value, _data: {types.TaskState(state): count for state, count in value.items()}
)
CANCEL: HostMethod[Any] = HostMethod(
    "tasks.cancel",
    {"id": _whole(2**53), "key": lambda value, field: short_text(value, field, MAX_KEY_BYTES)},
)
ALL = (ENQUEUE, LIST, COUNT, CANCEL)

SCHEDULE_SET: HostMethod[Any] = HostMethod(
    "schedule.set",
    {
        "name": task_name,
        "schedule": lambda value, field: checks.required(value, field)[:1000],
        "data": task_data,
    },
)
SCHEDULE_REMOVE: HostMethod[Any] = HostMethod("schedule.remove", {"name": task_name})
SCHEDULE_LIST: HostMethod[Any] = HostMethod(
    "schedule.list",
    encode=encode_plain,
    decode=lambda value, _data: tuple(types.TaskSchedule(**row) for row in value),
)
SCHEDULE = (SCHEDULE_SET, SCHEDULE_REMOVE, SCHEDULE_LIST)
