"""Compares the host's tables with those in the code and drafts the migration that removes the differences."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic.migration import MigrationContext

from viewra import drafts
from viewra.db.engine import open_database
from viewra.db.every_table import metadata
from viewra.db.tables import Bytes, Flag, is_ours
from viewra.db.transactions import reading
from viewra.drafts import Body


def missing(url: str) -> Body:
    """The operations that turn the database's tables into the code's, and their reverse. Raises ``DatabaseError``."""
    engine = open_database(url)
    try:
        with reading(engine) as connection:
            context = comparison(connection, render_as_batch=True, target_metadata=metadata)
            return drafts.missing(context, metadata, _plainly)
    finally:
        engine.dispose()


def comparison(connection: sa.Connection, **options: Any) -> MigrationContext:
    """Alembic's settings for the comparison: everything but the full-text index, which is not in the metadata."""
    names: dict[str, Any] = {"include_name": is_ours}
    if connection.dialect.name == "postgresql":
        names["include_object"] = _is_comparable
    return MigrationContext.configure(connection, opts={**names, **options})


def _is_comparable(_item: object, name: str | None, kind: str, reflected: bool, found: object) -> bool:
    """False for what only PostgreSQL has: the index of migration 0019, and unique paths by an exclusion constraint.

    Alembic cannot read that (migration 0001).
    """
    if kind == "index" and reflected and name == "ix_directories_beginning":
        return False
    return not (kind == "unique_constraint" and not reflected and found is None and str(name).endswith("_path"))


def _plainly(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render our faster column types as SQLAlchemy's own, since revisions know only those; False: render as usual."""
    if kind == "type" and isinstance(item, Bytes):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, Flag):
        return "sa.Boolean()"
    return False
