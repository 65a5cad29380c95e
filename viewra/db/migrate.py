"""Brings the host's tables to the newest revision with Alembic; imported only when a migration must run (0.4 s)."""

from __future__ import annotations

import importlib.util

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from viewra.db.failures import database_name
from viewra.db.schema import current_revision
from viewra.db.tables import REVISION
from viewra.db.transactions import writing
from viewra.errors import DatabaseError, MigrationError


def configuration() -> Config:
    """Alembic's configuration for the host's tables, without a connection."""
    spec = importlib.util.find_spec("viewra_migrations")
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError("viewra is installed without its migrations", hint="install viewra again")
    config = Config()
    config.set_main_option("path_separator", "os")
    # Alembic's configuration gives % a meaning of its own.
    config.set_main_option("script_location", spec.submodule_search_locations[0].replace("%", "%%"))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Bring the tables to ``REVISION``, all of it or nothing, in one transaction.

    Raises ``MigrationError`` for a revision that this viewra does not know and for a migration that failed,
    ``DatabaseError`` for a database that is somebody else's.
    """
    name = database_name(engine.url)
    with writing(engine) as connection:
        # Asked again under the write lock: another process may have migrated meanwhile.
        found = current_revision(connection)
        if found == REVISION:
            return
        if found is None and set(sa.inspect(connection).get_table_names()) - {"alembic_version"}:
            raise DatabaseError(
                f"database {name} is not viewra's: it holds tables of something else",
                hint="name another file with --database",
            )
        config = configuration()
        if found is not None:
            _refuse_unknown(config, found, name)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, REVISION)
        except (sa.exc.SQLAlchemyError, CommandError) as error:
            cause = getattr(error, "orig", None) or error
            raise MigrationError(
                f"database {name} could not be brought from schema {found or 'none'} to {REVISION}: {cause}",
                hint="it is as it was before; mend what the message says and start again",
            ) from error


def _refuse_unknown(config: Config, found: str, name: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in known:
        raise MigrationError(
            f"database {name} has schema {found}, which this viewra (schema {REVISION}) does not know",
            hint="it was made by a newer viewra: upgrade viewra, or name another file with --database",
        )
