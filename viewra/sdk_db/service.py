"""A ready-made database service: SQLAlchemy tables, Alembic revisions, one transaction per migration.

Reading the schema version needs no Alembic, which takes 0.4 s to import.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from viewra.errors import MigrationError
from viewra.revisions import Revision, read_revisions
from viewra.sdk_db.engine import has_database, open_for_migration
from viewra.types import SchemaRevision, SchemaState

_POSTGRESQL_LOCK = 0x76696577  # an arbitrary number, the same in all processes that migrate a schema


class AlembicDatabaseService:
    """``DatabaseService`` for ``metadata``, by the Alembic revisions in ``migrations_dir``.

    ``migrations_dir`` holds the revisions, or a folder ``versions`` with them; no ``env.py`` is needed. They form one
    line without branches. ``version_table`` is the table in which the database keeps its revision. ``engines`` are the
    databases that the migrations support, for a plugin object in the host's own process; other plugins state them in
    the manifest. All methods work before ``initialize``.
    """

    def __init__(
        self,
        metadata: sa.MetaData,
        migrations_dir: str | Path,
        version_table: str = "alembic_version",
        *,
        engines: Collection[str] = ("sqlite",),
    ) -> None:
        self.metadata = metadata
        self.migrations_dir = Path(migrations_dir)
        self.version_table = version_table
        self.engines = frozenset(engines)

    def get_models(self) -> Sequence[str]:
        """The names of the tables."""
        return sorted(self.metadata.tables)

    def describe(self, connection_string: str) -> SchemaState:
        """The database's schema version; creates no database. Raises MigrationError."""
        revisions = tuple(SchemaRevision(one.id, one.message, one.additive) for one in self._revisions())
        if not has_database(connection_string):
            return SchemaState(revisions=revisions)
        with self._connected(connection_string, moves=False) as connection:
            return SchemaState(self._current(connection), revisions)

    def migrate(self, connection_string: str) -> None:
        """Upgrade to the newest revision, in one transaction; a no-op if the database is there already.

        Raises MigrationError and leaves the database unchanged if a migration fails, or the database's revision is
        unknown.
        """
        revisions = self._revisions()
        if not revisions:
            raise MigrationError(f"there are no migrations in {self.migrations_dir}")
        with self._connected(connection_string) as connection:
            current = self._current(connection)
            if current != revisions[-1].id:
                self._require_known(current, revisions)
                self._run(connection, "upgrade", current, "head")

    def rollback(self, connection_string: str) -> None:
        """Downgrade by one revision, in one transaction. Raises MigrationError and leaves the database unchanged."""
        with self._connected(connection_string) as connection:
            current = self._current(connection)
            if not current:
                raise MigrationError("the database has no migration to roll back")
            self._require_known(current, self._revisions())
            self._run(connection, "downgrade", current, "-1")

    def _revisions(self) -> tuple[Revision, ...]:
        return read_revisions(self.migrations_dir)

    def _require_known(self, current: str, revisions: Sequence[Revision]) -> None:
        if current and current not in {one.id for one in revisions}:
            raise MigrationError(
                f"the database is at revision {current}, which this version of the plugin does not know (its newest is "
                f"{revisions[-1].id if revisions else 'none'}): it was made by a newer version; install that again, or "
                "restore the database from a backup"
            )

    def _current(self, connection: sa.Connection) -> str:
        if not sa.inspect(connection).has_table(self.version_table):
            return ""
        version = sa.table(self.version_table, sa.column("version_num", sa.Text))
        return connection.execute(sa.select(version.c.version_num)).scalar() or ""

    def _run(self, connection: sa.Connection, command: str, current: str, target: str) -> None:
        logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # else it names each of Alembic's parts
        from viewra.sdk_db.moves import run  # light start: see above

        try:
            run(connection, command, target, self.migrations_dir, self.metadata, self.version_table)
        except Exception as error:  # a migration is the author's code and may raise anything
            cause = getattr(error, "orig", None) or error
            why = str(cause) or type(cause).__name__
            raise MigrationError(f"{command} from {current or 'nothing'} to {target} failed: {why}") from error

    @contextmanager
    def _connected(self, url: str, *, moves: bool = True) -> Iterator[sa.Connection]:
        """One transaction. Only one process migrates a database at a time; others wait."""
        engine = open_for_migration(url, begin="BEGIN IMMEDIATE" if moves else "BEGIN")
        try:
            with engine.begin() as connection:
                if moves and engine.dialect.name == "postgresql":
                    schema = sa.func.hashtext(sa.func.current_schema())
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRESQL_LOCK, schema)))
                yield connection
        except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
            raise MigrationError(f"the database does not work: {error.orig}") from error
        finally:
            engine.dispose()
