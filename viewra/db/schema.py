"""Compares the schema's revision with the code's, without Alembic, and migrates only if they differ."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from viewra.db.revision import current_revision
from viewra.db.tables import REVISION
from viewra.db.transactions import reading


def ensure_schema(engine: sa.Engine, backups: Path | None = None) -> None:
    """Migrate the tables to ``REVISION`` if necessary, with a backup to ``backups`` first if data may be lost.

    Raises ``MigrationError`` (a revision unknown here, a failed migration) or ``DatabaseError``.
    """
    with reading(engine) as connection:
        found = current_revision(connection)
    if found == REVISION:
        return
    from viewra.db.migrate import upgrade  # Alembic takes 0.4 s to import; most starts never need it

    upgrade(engine, backups)
