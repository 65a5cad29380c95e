"""The database service, as an author implements it, and its optional extension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import SchemaState


@runtime_checkable
class DatabaseService(Protocol):
    """Keeps tables of its own, in its own database, never the host's.

    The service of a plugin object in the host's own process MAY have ``engines``, the databases that it supports,
    ``sqlite`` or ``postgresql``, by default SQLite alone; other plugins state them in their manifests.
    """

    def get_models(self) -> Sequence[str]:
        """MUST return the names of its tables."""
        ...

    def migrate(self, connection_string: str) -> None:
        """MUST migrate its schema to the newest version, in one transaction; repeating it is harmless."""
        ...

    def rollback(self, connection_string: str) -> None:
        """MUST roll its schema back one version."""
        ...


@runtime_checkable
class SchemaService(Protocol):
    """An optional extension: a database service that can report its schema version.

    Such a plugin's database is migrated before ``initialize``, which then finds the tables; all methods of its database
    service MUST work without ``initialize``. ``viewra.sdk_db.AlembicDatabaseService`` has it.
    """

    def describe(self, connection_string: str) -> SchemaState:
        """MUST return the database's revision and all revisions, without changing anything."""
        ...
