"""The order of a plugin's first calls, the same for a process and for an object of the host's process.

A plugin that can say where its database stands has it migrated before it is initialized; any other, such as Viewra's Go
plugins, opens its database in Initialize, and is asked to migrate after that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from viewra.adapters import Caller
from viewra.codec import lifecycle
from viewra.codec.database import DESCRIBE, MIGRATE
from viewra.host.database.own import OwnDatabase
from viewra.types import PluginContext

MIGRATION_S = 600.0
"""Seconds that a migration may take, unless the manifest says otherwise: it depends on how much data there is."""
STOP_S = 3.0
"""Seconds for ``PluginService.Stop``."""


class Step(Protocol):
    """Makes one call of the start, and names it when it fails."""

    def __call__(self, name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
        """Gives what ``call`` gives for the arguments."""


def unnamed(_name: str, call: Callable[..., Any], /, *arguments: Any) -> Any:
    """A ``Step`` for calls whose errors say enough."""
    return call(*arguments)


class MigrationPending(Exception):  # not an error: a caller that forbids migrations asks for it
    """The database has to be migrated before this code can run, and that was not to be."""


def begin(
    endpoint: Caller,
    context: PluginContext,
    own: OwnDatabase | None,
    step: Step,
    *,
    describes: bool,
    may_migrate: bool = True,
) -> None:
    """Initialize, migrate and start; ``own`` is None for a plugin without tables. ``step`` makes each call.

    Raises MigrationPending, before anything was changed, where it may not migrate and would have to.
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
