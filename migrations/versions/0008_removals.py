"""Plugins that are being removed, so that an interrupted removal can be finished."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "plugin_removals",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("keep_data", sa.Boolean(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", name="pk_plugin_removals"),
    )


def downgrade() -> None:
    """Drop the table: unfinished removals stay on the disk."""
    op.drop_table("plugin_removals")
