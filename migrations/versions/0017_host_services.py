"""What plugins store with the host, and their messages to the operator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "plugin_values",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("is_json", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("plugin_id", "key", name="pk_plugin_values"),
    )
    op.create_table(
        "plugin_notices",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plugin_notices"),
    )
    op.create_index("ix_plugin_notices_plugin_id", "plugin_notices", ["plugin_id"])


def downgrade() -> None:
    """Drop them: plugins lose what they stored."""
    op.drop_table("plugin_notices")
    op.drop_table("plugin_values")
