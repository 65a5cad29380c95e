"""Whose word counts, by what manifests state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the next scan fills it."""
    op.create_table(
        "manifest_priorities",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "field", name="pk_manifest_priorities"),
    )


def downgrade() -> None:
    """Drop it: what was read last counts, where the operator has no order."""
    op.drop_table("manifest_priorities")
