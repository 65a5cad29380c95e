"""Compares a database's schema with the code's, and migrates only where they differ; needs no Alembic to compare."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db.tables import REVISION
from viewra.db.transactions import reading


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the database says it has; None when it never had one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    return found[0] if found else None


def ensure_schema(engine: sa.Engine, backups: Path | None = None) -> None:
    """Bring the tables to ``REVISION`` where they are not, after a backup to ``backups`` where that may lose data.

    Raises ``MigrationError`` (a revision unknown here, a failed migration) or ``DatabaseError``.
    """
    with reading(engine) as connection:
        found = current_revision(connection)
    if found == REVISION:
        return
    from viewra.db.migrate import upgrade  # Alembic takes 0.4 s to import; most starts never need it

    upgrade(engine, backups)
