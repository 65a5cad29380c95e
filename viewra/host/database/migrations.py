"""What an operator does with one plugin's own database: look where it stands, bring it up, take it back.

It goes through the plugin's own service, in a process that is started no further than that needs. How the database is
brought up at each start is in ``life``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from viewra.adapters.database import DatabaseClient
from viewra.errors import UsageError
from viewra.host.database.own import OwnDatabase
from viewra.types import SchemaState

T = TypeVar("T")


class Runner(Protocol):
    """Whatever runs the plugin: its supervisor, or a plugin object of this process."""

    @property
    def plugin_id(self) -> str:
        """The plugin."""
        ...

    @property
    def services(self) -> Collection[str]:
        """The services that it has, or claims."""
        ...

    @property
    def own_database(self) -> OwnDatabase:
        """Its database."""
        ...

    def with_database(self, work: Callable[[DatabaseClient], T]) -> T:
        """Do something with its database."""
        ...


class PluginDatabase:
    """One plugin's own database. Each method raises UsageError for a plugin without one, and PluginError.

    A process that serves calls is stopped for it, and starts again with the next call; at each start it is brought up
    to its newest revision.
    """

    def __init__(self, runner: Runner) -> None:
        if "database_service" not in runner.services:
            raise UsageError(f"plugin {runner.plugin_id} has no database of its own")
        self._runner = runner

    @property
    def is_copied(self) -> bool:
        """Whether it is backed up before a migration that may lose data; PostgreSQL's is not."""
        return self._runner.own_database.is_copied

    def state(self) -> SchemaState | None:
        """Where it stands; None for a plugin that cannot say."""
        return self._runner.with_database(lambda client: client.describe())

    def upgrade(self) -> None:
        """Bring it up to the newest revision, after a backup where anything but an addition is to come."""

        def work(client: DatabaseClient) -> None:
            own = self._runner.own_database
            own.protect(client.describe())
            client.migrate()
            own.migrated()

        self._runner.with_database(work)

    def downgrade(self, target: str | None = None) -> None:
        """Take it back to ``target`` ("": to nothing), one revision after the other, by default one; after a backup.

        Raises UsageError for a revision that it is not above, or that it cannot be known to reach.
        """

        def work(client: DatabaseClient) -> None:
            own = self._runner.own_database
            state = client.describe()
            if state is None and target is not None:
                raise UsageError(
                    f"plugin {self._runner.plugin_id} cannot say which revisions it has",
                    hint="leave the revision out: then its database is taken one version back",
                )
            own.copy(state.current if state is not None and state.current else "unknown")
            for _ in range(1 if state is None or target is None else len(self._way_back(state, target))):
                client.rollback()

        self._runner.with_database(work)

    def _way_back(self, state: SchemaState, target: str) -> Collection[object]:
        found = state.above(target)
        if found is None:
            raise UsageError(f"the database of plugin {self._runner.plugin_id} is not above revision {target!r}")
        return found
