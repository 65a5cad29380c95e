"""What Alembic runs for each command on the host's tables; the connection comes from whoever asked (viewra/db)."""

from __future__ import annotations

from alembic import context

from viewra.db.tables import metadata


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether autogenerate compares it: the full-text index and SQLite's own tables behind it are in no metadata."""
    return not (kind == "table" and name is not None and name.startswith("media_search"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_is_ours,
    render_as_batch=True,
    # The caller's transaction is the only one: all revisions arrive together or none does.
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
