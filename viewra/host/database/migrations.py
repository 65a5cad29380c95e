"""What an operator does with one plugin's own database: look where it stands, bring it up, take it back.

The plugin's own service does it, in a process that is started no further than that needs. How the database is brought
up at each start is in ``running/lifecycle.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from viewra.adapters.database import DatabaseClient
from viewra.errors import UsageError
from viewra.host.database.own import OwnDatabase
from viewra.types import SchemaState

T = TypeVar("T")


class Access(Protocol):
    """Calls work with a client of the plugin's database service, while no other call uses that database."""

    def __call__(self, work: Callable[[DatabaseClient], T], /) -> T:
        """Give what ``work`` gives; raises what it raises, and PluginError when the plugin does not start."""
        ...


class PluginDatabase:
    """One plugin's own database; each method raises PluginError.

    ``own`` says where it is, as the code in use sees it. A process that serves calls is stopped by ``access``, and
    starts again with the next call; at each start the database is brought up to its newest revision.
    """

    def __init__(self, plugin_id: str, *, own: Callable[[], OwnDatabase], access: Access) -> None:
        self._plugin_id = plugin_id
        self._own = own
        self._access = access

    @property
    def is_copied(self) -> bool:
        """Whether it is backed up before a migration that may lose data; PostgreSQL's is not."""
        return self._own().is_copied

    def state(self) -> SchemaState | None:
        """Where it stands; None for a plugin that cannot say."""
        return self._access(lambda client: client.describe())

    def upgrade(self) -> None:
        """Bring it up to the newest revision, after a backup where anything but an addition is to come."""

        def work(client: DatabaseClient) -> None:
            own = self._own()
            own.protect(client.describe())
            client.migrate()
            own.migrated()

        self._access(work)

    def downgrade(self, target: str | None = None) -> None:
        """Take it back to ``target`` ("": to nothing), one revision after the other, by default one; after a backup.

        Raises UsageError for a revision that it is not above, or that it cannot be known to reach.
        """

        def work(client: DatabaseClient) -> None:
            own = self._own()
            state = client.describe()
            if state is None and target is not None:
                raise UsageError(
                    f"plugin {self._plugin_id} cannot say which revisions it has",
                    hint="leave the revision out: then its database is taken one version back",
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
