"""Run by Alembic for each command on the host's tables; viewra/db passes the connection."""

from __future__ import annotations

from alembic import context

from viewra.db.every_table import metadata
from viewra.db.tables import is_ours

attributes = context.config.attributes
context.configure(
    connection=attributes.get("connection"),
    dialect_name=attributes.get("dialect"),  # for SQL that is only printed
    literal_binds=context.is_offline_mode(),
    target_metadata=metadata,
    include_name=is_ours,
    render_as_batch=True,
    # The caller's transaction is the only one: all revisions are applied, or none.
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
