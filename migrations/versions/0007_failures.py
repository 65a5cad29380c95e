"""Failed notifications of listeners, and an index of files that could not be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table and the index, and extend the cursors."""
    op.add_column("listener_cursors", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("listener_cursors", sa.Column("seen_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("listener_cursors", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("listener_cursors", sa.Column("retry_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("listener_cursors", sa.Column("error", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "set_aside_events",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["scan_events.id"], name="fk_set_aside_events_event_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plugin_id", "event_id", name="pk_set_aside_events"),
    )
    op.create_index("ix_set_aside_events_event_id", "set_aside_events", ["event_id"])
    failed = sa.column("status", sa.Text()) == sa.literal_column("'error'")
    op.create_index(
        "ix_file_metadata_failed", "file_metadata", ["media_file_id"], sqlite_where=failed, postgresql_where=failed
    )


def downgrade() -> None:
    """Drop them: set-aside notifications count as delivered."""
    op.drop_index("ix_file_metadata_failed", "file_metadata")
    op.drop_table("set_aside_events")
    for name in ("error", "retry_at", "attempts", "seen_at", "gone"):
        op.drop_column("listener_cursors", name)
