"""Makes a plugin's first calls in order, for processes and for objects in the host's process alike.

If a plugin can describe its database's schema version, the host migrates the database before Initialize; any other,
such as Viewra's Go plugins, opens its database in Initialize, and the host asks it to migrate after that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from viewra.adapters import Caller
from viewra.codec import lifecycle
from viewra.codec.database import DESCRIBE, MIGRATE
from viewra.host.database.own import OwnDatabase
from viewra.types import PluginContext

TASK_S = 300.0
"""Seconds that a task may take, unless the manifest has another deadline for ``execute_task``."""
MIGRATION_S = 600.0
"""Default deadline of a migration in seconds: long, because the time depends on the amount of data."""
STOP_S = 3.0
"""Deadline of ``PluginService.Stop`` in seconds."""


class Step(Protocol):
    """Makes one call of the start, and names the step if it fails."""

    def __call__(self, name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return ``call(*arguments)``."""


def unnamed(_name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
    """A ``Step`` that leaves errors as they are."""
    return call(*arguments)


class MigrationPending(Exception):  # not an error: the caller that forbids migrations handles it
    """The database needs a migration before this code can run, and the caller forbids migrations."""


def begin(
    endpoint: Caller,
    context: PluginContext,
    own: OwnDatabase | None,
    step: Step,
    *,
    describes: bool,
    may_migrate: bool = True,
) -> None:
    """Initialize, migrate and start the plugin; ``own`` is None for one without tables. ``step`` makes each call.

    Raises MigrationPending, with nothing changed, if the database needs a migration that the caller forbids.
    """
    if own is not None:
        state = step("migrate", endpoint.call, DESCRIBE, own.url) if describes else None
        if not may_migrate and own.must_migrate(state):
            raise MigrationPending
        step("migrate", own.protect, state)
    if own is not None and describes:
        step("migrate", endpoint.call, MIGRATE, own.url)
    step("initialize", endpoint.call, lifecycle.INITIALIZE, context)
    if own is not None and not describes:
        step("migrate", endpoint.call, MIGRATE, own.url)
    if own is not None:
        own.migrated()
    step("start", endpoint.call, lifecycle.START)
