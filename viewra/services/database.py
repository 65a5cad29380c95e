"""The database service, as an author implements it, and what it may offer besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import SchemaState


@runtime_checkable
class DatabaseService(Protocol):
    """Keeps tables of its own, in its own database, never the host's.

    That of a plugin object in the host's process MAY have ``engines``, the names of what it can keep tables in,
    ``sqlite`` or ``postgresql``, by default SQLite alone; one in a process of its own says so in its manifest.
    """

    def get_models(self) -> Sequence[str]:
        """MUST return the names of its tables."""
        ...

    def migrate(self, connection_string: str) -> None:
        """MUST bring its schema to the newest version, in one transaction; doing it twice is harmless."""
        ...

    def rollback(self, connection_string: str) -> None:
        """MUST take its schema one version back."""
        ...


@runtime_checkable
class SchemaService(Protocol):
    """What a database service MAY be besides: one that can say where its database stands.

    Such a plugin's database is migrated before ``initialize``, which finds the tables there; all methods of its
    database service MUST work without ``initialize``. ``viewra.sdk_db.AlembicDatabaseService`` is one.
    """

    def describe(self, connection_string: str) -> SchemaState:
        """MUST say which revision the database is at and which there are, without changing anything."""
        ...
