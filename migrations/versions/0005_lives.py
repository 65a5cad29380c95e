"""Quarantines of plugins and services of their processes, which outlast a host."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "plugin_quarantines",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "path", name="pk_plugin_quarantines"),
    )
    op.create_table(
        "plugin_services",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "path", name="pk_plugin_services"),
    )


def downgrade() -> None:
    """Drop the tables: quarantined plugins run again, and plugins that declare no services are asked again."""
    op.drop_table("plugin_services")
    op.drop_table("plugin_quarantines")
