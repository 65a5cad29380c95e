"""One attempt at a task, and what follows from how it ended."""

from __future__ import annotations

import random
from collections.abc import Callable

from viewra.adapters.tasks import TaskClient
from viewra.db.task_turns import Attempt
from viewra.errors import (
    HostUnavailable,
    NotOffered,
    PermissionDenied,
    PluginClosed,
    PluginError,
    PluginFault,
    PluginUnavailable,
)
from viewra.host.tasks.cuts import Cuts
from viewra.text import cut
from viewra.types import Task

FIRST_S, FACTOR, LONGEST_S = 5.0, 3.0, 3600.0
"""The pause after the first failed attempt; that after each further one is so much longer, up to an hour."""
DENIED_S = 600.0
"""The pause of a task that lacks a permission: only the operator can help, and nothing is lost until then."""
MAX_ERROR_BYTES = 2000
NO_METHOD = "the plugin has no method execute_task"


class Unreachable(Exception):
    """The plugin cannot be asked now; the attempt does not count."""


def make_attempt(client: TaskClient, task: Task, cuts: Cuts, now: Callable[[], int]) -> Attempt:
    """Have the plugin execute a task; ``now`` gives microseconds since the epoch. Raises Unreachable."""
    try:
        with client.open(task) as exchange, cuts.listed(task.id, exchange):
            done = exchange.receive(client.deadline_s)
            if done is None and cuts.has_cut(task.id):
                return Attempt(task.id)
    except NotOffered:
        return Attempt(task.id, error=NO_METHOD, last=True)
    except PluginClosed as error:
        raise Unreachable(error.message) from error
    except PluginError as error:
        if isinstance(error, PluginUnavailable) and not error.in_call:
            raise Unreachable(error.message) from error
        if isinstance(error, PluginFault) and error.kind == HostUnavailable.__name__:  # it is being stopped
            raise Unreachable(error.message) from error
        if isinstance(error, PluginFault) and error.kind == PermissionDenied.__name__:
            return Attempt(
                task.id, error=_shown(error.message), due_at=now() + int(DENIED_S * 1_000_000), blameless=True
            )
        return _failed(task, error.message, now)
    if done is None:
        return _failed(task, "the plugin ended the task without an answer", now)
    if done.later is not None:
        return Attempt(task.id, due_at=now() + int(done.later.seconds * 1_000_000))
    return Attempt(task.id, done=True)


def pause_s(failed: int) -> float:
    """Seconds until the attempt that follows so many failed ones."""
    return min(LONGEST_S, FIRST_S * FACTOR ** (min(failed, 20) - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def _failed(task: Task, error: str, now: Callable[[], int]) -> Attempt:
    due_at = now() + int(pause_s(task.attempt) * 1_000_000)
    return Attempt(task.id, error=_shown(error), due_at=due_at)


def _shown(error: str) -> str:
    return cut(error.replace("\0", "\ufffd"), MAX_ERROR_BYTES) or "it failed"
