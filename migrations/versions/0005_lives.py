"""What is known of plugins beyond one host's life: quarantines, and the services that their processes have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
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
    """Drop them: plugins in quarantine run again, and one that declares no services is asked once more."""
    op.drop_table("plugin_services")
    op.drop_table("plugin_quarantines")
