"""The priorities in manifests, which decide whose value counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the next scan fills it."""
    op.create_table(
        "manifest_priorities",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "field", name="pk_manifest_priorities"),
    )


def downgrade() -> None:
    """Drop the table: without an order of the operator, the newest reading counts."""
    op.drop_table("manifest_priorities")
