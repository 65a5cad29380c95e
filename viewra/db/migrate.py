"""Migrates the host's tables to the newest revision with Alembic. Imported only for a migration (0.4 s)."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from viewra.db.backup import back_up
from viewra.db.failures import database_name, lacks_rights, translated
from viewra.db.revision import current_revision
from viewra.db.sqlite import WRITES
from viewra.db.tables import REVISION
from viewra.errors import DatabaseError, MigrationError
from viewra.revisions import Revision, pending, read_revisions

log = logging.getLogger("viewra.db")

LOCK_TIMEOUT_MS = 600_000
"""How long a migration waits for the migration of another process."""


def migrations_directory() -> Path:
    """The directory of the host's migrations; raises MigrationError if they are not installed."""
    spec = importlib.util.find_spec("viewra_migrations")
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError("the installed viewra lacks its migrations", hint="install viewra again")
    return Path(spec.submodule_search_locations[0])


def configuration() -> Config:
    """Alembic's configuration for the host's tables; opens no connection."""
    config = Config()
    config.set_main_option("path_separator", "os")
    # Alembic's configuration interprets %.
    config.set_main_option("script_location", str(migrations_directory()).replace("%", "%%"))
    return config


def revisions() -> tuple[Revision, ...]:
    """The host's revisions, oldest first."""
    return read_revisions(migrations_directory())


def upgrade(engine: sa.Engine, backups: Path | None = None, target: str = REVISION) -> None:
    """Upgrade the tables to ``target`` in one transaction.

    Before a migration that is more than an addition, a SQLite database is backed up to ``backups``. Raises
    ``MigrationError`` for a revision unknown to this viewra and for a failed migration, ``DatabaseError`` for a
    database of another program.
    """
    name = database_name(engine.url)
    with alone(engine) as connection:
        # Read again under the write lock: another process may have migrated meanwhile.
        found = current_revision(connection)
        if found == target:
            return
        if found is None and set(sa.inspect(connection).get_table_names()) - {"alembic_version"}:
            raise DatabaseError(
                f"database {name} belongs to another program: it has tables that are not viewra's",
                hint="name another file with --database",
            )
        config = configuration()
        if found is not None:
            refuse_unknown(found, name)
            if not all(revision.additive for revision in pending(revisions(), found)):
                protect(engine, backups, found)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, target)
        except (sa.exc.SQLAlchemyError, CommandError) as error:
            if lacks_rights(error):
                raise
            raise failure(name, found, target, error) from error


def failure(name: str, found: str | None, target: str, error: Exception) -> MigrationError:
    """The error for a failed migration."""
    cause = getattr(error, "orig", None) or error
    reason = str(cause).strip().partition("\n")[0]
    return MigrationError(
        f"database {name} could not be brought from schema {found or 'none'} to {target}: {reason}",
        hint="the database is unchanged; fix the cause and start again",
    )


def protect(engine: sa.Engine, backups: Path | None, found: str) -> None:
    """Back up a SQLite database, if a folder is given. An administrator backs up PostgreSQL."""
    if engine.dialect.name != "sqlite":
        name = database_name(engine.url)
        log.warning(
            "database %s will be migrated without a backup: viewra does not back up PostgreSQL, pg_dump does", name
        )
    elif backups is not None:
        back_up(Path(engine.url.database or ""), backups, found)


@contextmanager
def alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One write transaction that first waits for another process's migration. Raises ``DatabaseError``.

    On SQLite it turns foreign keys off: Alembic changes a table by copying and dropping it, which would otherwise
    delete the rows that refer to it.
    """
    with translated(engine.url), engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        if engine.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - it was just connected
            for pragma in ("foreign_keys = OFF", f"busy_timeout = {LOCK_TIMEOUT_MS}"):
                driver.execute(f"PRAGMA {pragma}").close()
        connection.detach()  # foreign keys are off, so the pool must not reuse it
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # the duration is unknown
            yield connection


def refuse_unknown(found: str, name: str) -> None:
    """Raise MigrationError for a revision of a newer viewra."""
    if found not in {revision.id for revision in revisions()}:
        raise MigrationError(
            f"database {name} has schema {found}, which this viewra (schema {REVISION}) does not know",
            hint="it was made by a newer viewra: upgrade viewra, or name another file with --database",
        )
