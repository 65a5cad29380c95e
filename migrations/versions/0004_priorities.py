"""The operator's orders of plugins, which decide whose value counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "field_priorities",
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("field", "plugin_id", name="pk_field_priorities"),
    )


def downgrade() -> None:
    """Drop the table with its orders."""
    op.drop_table("field_priorities")
