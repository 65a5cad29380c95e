"""Defines ``Runner``: the operations on one plugin, whether it runs in processes or is an object in the host's process.

The supervisor of a plugin's processes implements it, and so does an object that a program registered. The latter
refuses operations that need a plugin directory, such as ``enable``, with a UsageError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from viewra.adapters.database import DatabaseClient
from viewra.bridge import HostedPlugin
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
    """One plugin that this host can run. Thread-safe; only ``load``, ``restart`` and calls start it."""

    # ---- state ----

    @property
    def plugin_id(self) -> str:
        """The plugin's id."""
        ...

    @property
    def installation(self) -> Installation | None:
        """Its files on disk; None for an object in the host's process."""
        ...

    @property
    def state(self) -> PluginState:
        """The plugin's state."""
        ...

    @property
    def reason(self) -> str:
        """The reason of the state; may be ""."""
        ...

    @property
    def pid(self) -> int | None:
        """Its oldest process, None if none runs."""
        ...

    @property
    def info(self) -> PluginInfo:
        """Its description of itself, completed from its manifest. Never starts it."""
        ...

    @property
    def services(self) -> frozenset[str]:
        """The services that it has; before its first start those that its manifest declares."""
        ...

    @property
    def stats(self) -> PluginStats:
        """Its statistics. Never starts it."""
        ...

    @property
    def records(self) -> Sequence[LogRecord]:
        """The last log records of its processes, oldest first."""
        ...

    @property
    def runtime(self) -> Runtime:
        """How it runs: from its manifest, with the operator's settings."""
        ...

    @property
    def capped(self) -> Mapping[str, float]:
        """Its stated limits that exceed the host's caps."""
        ...

    @property
    def sandbox(self) -> Sandbox | None:
        """The sandbox of its processes; None for an object in the host's process. Raises ViewraError."""
        ...

    @property
    def hosted(self) -> HostedPlugin | None:
        """The host services for it, with what it shows to the operator; None in a host without any."""
        ...

    @property
    def own_database(self) -> OwnDatabase:
        """Its own database, if it has one."""
        ...

    # ---- operators' actions ----

    def enable(self) -> None:
        """Allow it to run from now on."""
        ...

    def disable(self) -> None:
        """Stop it, and do not allow it to run."""
        ...

    def load(self) -> None:
        """Start it now unless it runs; raises a PluginError if that fails."""
        ...

    def unload(self) -> None:
        """Stop it; only ``load`` and ``restart`` start it again."""
        ...

    def restart(self) -> None:
        """Stop it and start it again, with the code that is on disk now."""
        ...

    def reload(self) -> str:
        """Replace the running code by that on disk without losing a call; returns a message. Raises PluginError."""
        ...

    def apply_settings(self, config: Mapping[str, str]) -> bool:
        """Use other settings at once, if it can; PluginFault if it refuses them."""
        ...

    def unquarantine(self) -> None:
        """Forget its crashes, so that it may run again."""
        ...

    def attach(self, record: Reattach) -> None:
        """Use a process that a developer started by hand."""
        ...

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Call ``work`` with a client of its database service, while no other call uses that database."""
        ...

    def draft_migration(self, message: str) -> Path:
        """Write its next migration from the differences between its tables and its migrations; returns the file."""
        ...

    # ---- the host's actions ----

    def begin_close(self) -> None:
        """Start nothing from now on, and cancel a start in progress."""
        ...

    def close(self) -> None:
        """Stop it permanently."""
        ...


def in_process(plugin_id: str, what: str) -> UsageError:
    """The error for an operation that needs a plugin directory."""
    return UsageError(
        f"plugin {plugin_id} is registered in this process: there is nothing to {what}", hint="use host.unregister()"
    )
