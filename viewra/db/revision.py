"""Reads which revision a database's tables have."""

from __future__ import annotations

import sqlalchemy as sa


def current_revision(connection: sa.Connection) -> str | None:
    """The revision stored in the database; None without a schema."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    return found[0] if found else None
