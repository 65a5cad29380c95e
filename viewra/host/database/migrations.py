"""The operator's view of one plugin's own database: its schema version, upgrade and downgrade.

The plugin's own service does the work, in a process that is started only as far as necessary. ``running/lifecycle.py``
migrates the database at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol, TypeVar

from viewra.adapters.database import DatabaseClient
from viewra.errors import UsageError
from viewra.host.database.own import OwnDatabase
from viewra.types import SchemaState

T = TypeVar("T")


class Access(Protocol):
    """Calls work with a client of the plugin's database service, while no other call uses that database."""

    def __call__(self, work: Callable[[DatabaseClient], T], /) -> T:
        """Return the result of ``work``; raises its exceptions, and PluginError if the plugin does not start."""
        ...


class PluginDatabase:
    """One plugin's own database; each method raises PluginError.

    ``own`` is its location for the code in use. ``access`` stops a process that serves calls, and the next call starts
    it again; each start migrates the database to its newest revision.
    """

    def __init__(self, plugin_id: str, *, own: Callable[[], OwnDatabase], access: Access) -> None:
        self._plugin_id = plugin_id
        self._own = own
        self._access = access

    @property
    def is_copied(self) -> bool:
        """Whether it is backed up before a migration that may lose data; False for PostgreSQL."""
        return self._own().is_copied

    def back_up(self) -> Path | None:
        """Copy it while it may be in use. Returns the copy; None if there is nothing to copy."""
        return self._own().copy("asked")

    def backups(self) -> list[Path]:
        """Its backups, newest first."""
        from viewra.db.backup import backups  # light start: as ``OwnDatabase.copy``

        return backups(self._own().backups, "data") if self.is_copied else []

    def state(self) -> SchemaState | None:
        """Its schema version; None for a plugin that cannot report it."""
        return self._access(lambda client: client.describe())

    def upgrade(self) -> None:
        """Upgrade it to the newest revision, after a backup unless the migrations only add."""

        def work(client: DatabaseClient) -> None:
            own = self._own()
            own.protect(client.describe())
            client.migrate()
            own.migrated()

        self._access(work)

    def downgrade(self, target: str | None = None) -> None:
        """Downgrade it to ``target`` ("": to none), by default by one revision, step by step; after a backup.

        Raises UsageError for a revision that is not below it, or that may be unreachable.
        """

        def work(client: DatabaseClient) -> None:
            own = self._own()
            state = client.describe()
            if state is None and target is not None:
                raise UsageError(
                    f"plugin {self._plugin_id} cannot list its revisions",
                    hint="leave the revision out to go back one version",
                )
            own.copy(state.current if state is not None and state.current else "unknown")
            for _ in range(1 if state is None or target is None else len(self._way_back(state, target))):
                client.rollback()

        self._access(work)

    def _way_back(self, state: SchemaState, target: str) -> Collection[object]:
        found = state.above(target)
        if found is None:
            raise UsageError(f"the database of plugin {self._plugin_id} is not above revision {target!r}")
        return found
