"""Plugins' permissions, and the user ids of their processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "plugin_grants",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("paths", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "path", "resource", "action", name="pk_plugin_grants"),
    )
    op.create_table(
        "plugin_users",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("uid", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", name="pk_plugin_users"),
        sa.UniqueConstraint("uid", name="uq_plugin_users_uid"),
    )


def downgrade() -> None:
    """Drop the tables with all permissions."""
    op.drop_table("plugin_users")
    op.drop_table("plugin_grants")
