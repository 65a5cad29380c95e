"""What plugins reported at a start, so that the next host need not start them to know it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "plugin_facts",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "path", "name", name="pk_plugin_facts"),
    )


def downgrade() -> None:
    """Drop the table: each plugin is started and asked again."""
    op.drop_table("plugin_facts")
