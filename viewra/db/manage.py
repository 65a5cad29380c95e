"""The operator's commands for the host's database: show its revision, move it to another, print the SQL.

Unlike ``open_database``, nothing here migrates the database on its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.util import CommandError

from viewra.db.draft import comparison
from viewra.db.engine import open_unmigrated
from viewra.db.every_table import metadata
from viewra.db.failures import database_name
from viewra.db.migrate import alone, configuration, failure, protect, refuse_unknown, revisions, upgrade
from viewra.db.revision import current_revision
from viewra.db.transactions import reading
from viewra.errors import MigrationError
from viewra.types import SchemaRevision, SchemaState


def describe(url: str) -> SchemaState:
    """The revision and pending migrations. Raises ``DatabaseError``, ``MigrationError`` and ``UsageError``."""
    found = tuple(SchemaRevision(one.id, one.message, one.additive) for one in revisions())
    if not _is_there(url):
        return SchemaState(revisions=found)
    with _engine(url) as engine, reading(engine) as connection:
        return SchemaState(current_revision(connection) or "", found)


def is_copied(url: str) -> bool:
    """Whether viewra backs the database up before a migration that may lose data; False for PostgreSQL."""
    return sa.make_url(url).get_backend_name() == "sqlite"


def upgrade_to(url: str, target: str, backups: Path) -> None:
    """Upgrade the database to ``target`` in one transaction; raises as ``open_database`` does."""
    with _engine(url) as engine:
        upgrade(engine, backups, target)


def downgrade_to(url: str, target: str, backups: Path) -> None:
    """Downgrade the database to ``target`` ("": to no schema) in one transaction, after a backup.

    Raises ``MigrationError`` and leaves the database unchanged.
    """
    with _engine(url) as engine, alone(engine) as connection:
        found = current_revision(connection)
        if not found:
            raise MigrationError(f"database {database_name(engine.url)} has no schema: there is nothing to downgrade")
        refuse_unknown(found, database_name(engine.url))
        protect(engine, backups, found)
        config = configuration()
        config.attributes["connection"] = connection
        try:
            command.downgrade(config, target or "base")
        except (sa.exc.SQLAlchemyError, CommandError) as error:
            raise failure(database_name(engine.url), found, target or "nothing", error) from error


def script(url: str, start: str, target: str, *, down: bool = False) -> str:
    """The SQL that moves a database of this kind from one revision to another; opens no connection."""
    buffer = io.StringIO()
    config = configuration()
    config.output_buffer = buffer
    config.attributes["dialect"] = sa.make_url(url).get_backend_name()
    move = command.downgrade if down else command.upgrade
    move(config, f"{start or 'base'}:{target or 'base'}", sql=True)
    return buffer.getvalue()


def differences(url: str) -> list[str]:
    """The differences between the tables and the code, one per line, for a database at the newest revision."""
    with _engine(url) as engine, reading(engine) as connection:
        context = comparison(connection)
        return [_text(difference) for difference in compare_metadata(context, metadata)]


def _text(difference: object) -> str:
    if isinstance(difference, list):  # several changes of one column
        return "; ".join(map(_text, difference))
    assert isinstance(difference, tuple)  # noqa: S101 - Alembic's own form
    return " ".join(str(getattr(part, "name", None) or part) for part in difference if part is not None)


def _is_there(url: str) -> bool:
    parsed = sa.make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


@contextmanager
def _engine(url: str) -> Iterator[sa.Engine]:
    engine = open_unmigrated(url)
    try:
        yield engine
    finally:
        engine.dispose()
