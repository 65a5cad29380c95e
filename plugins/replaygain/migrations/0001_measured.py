"""Creates the tables of measured files, and of those that are to be looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "measured",
        sa.Column("media_file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("media_file_id"),
    )
    op.create_table(
        "pending",
        sa.Column("media_file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("media_file_id"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("pending")
    op.drop_table("measured")
