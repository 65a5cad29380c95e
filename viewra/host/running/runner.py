"""``Runner``: what the host and its operators do with one plugin, whether it has processes or is an object of the host.

The supervisor of a plugin's processes is one, an object that a program registered is the other. What only makes sense
for a plugin in a directory, such as ``enable``, is refused by the other kind with a UsageError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from viewra.adapters.database import DatabaseClient
from viewra.errors import UsageError
from viewra.host.database.own import OwnDatabase
from viewra.host.installed.installation import Installation
from viewra.host.running.confining import Sandbox
from viewra.host.running.reattach import Reattach
from viewra.host.running.status import PluginStats
from viewra.manifest import Runtime
from viewra.transport.hclog import LogRecord
from viewra.types import PluginInfo, PluginState

T = TypeVar("T")


class Runner(Protocol):
    """One plugin that this host can run. Safe to use from any thread; only ``load``, ``restart`` and calls start it."""

    # ---- what it is ----

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def installation(self) -> Installation | None:
        """What is on disk of it; None for an object of the host's process."""
        ...

    @property
    def state(self) -> PluginState:
        """Its state."""
        ...

    @property
    def reason(self) -> str:
        """Why it is in that state; "" where there is nothing to say."""
        ...

    @property
    def pid(self) -> int | None:
        """Its process, while it runs in one."""
        ...

    @property
    def info(self) -> PluginInfo:
        """What it says it is, completed from its manifest. Never starts it."""
        ...

    @property
    def services(self) -> frozenset[str]:
        """The services that it has; before its first start those that its manifest claims."""
        ...

    @property
    def stats(self) -> PluginStats:
        """Its figures. Never starts it."""
        ...

    @property
    def records(self) -> Sequence[LogRecord]:
        """The last records that its processes wrote, oldest first."""
        ...

    @property
    def runtime(self) -> Runtime:
        """How it is run: by its manifest, or as the operator has set it."""
        ...

    @property
    def capped(self) -> Mapping[str, float]:
        """The limits that are stated of it, and are more than the host's caps allow."""
        ...

    @property
    def sandbox(self) -> Sandbox | None:
        """What confines its processes, or would; None for an object of the host's process. Raises ViewraError."""
        ...

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one."""
        ...

    # ---- what an operator does ----

    def enable(self) -> None:
        """Let it run from now on."""
        ...

    def disable(self) -> None:
        """Stop it, and do not start it again."""
        ...

    def load(self) -> None:
        """Start it now, unless it runs; raises a PluginError when that fails."""
        ...

    def unload(self) -> None:
        """Stop it; only ``load`` and ``restart`` start it again."""
        ...

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now."""
        ...

    def reload(self) -> str:
        """Replace the running code by that on disk, with no call lost; says what happened. Raises PluginError."""
        ...

    def unquarantine(self) -> None:
        """Forget its crashes."""
        ...

    def attach(self, record: Reattach) -> None:
        """Use a process that somebody started by hand."""
        ...

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Call ``work`` with a client of its database service, while no other call uses that database."""
        ...

    def draft_migration(self, message: str) -> Path:
        """Write its next migration, with what its tables have and its migrations do not make yet; gives the file."""
        ...

    # ---- what the host does ----

    def begin_close(self) -> None:
        """Start nothing from now on, and cancel what is being started."""
        ...

    def close(self) -> None:
        """Stop it for good."""
        ...


def in_process(plugin_id: str, what: str) -> UsageError:
    """The error for what only a plugin in a directory can do."""
    return UsageError(
        f"plugin {plugin_id} is registered in this process: there is nothing to {what}", hint="use host.unregister()"
    )
