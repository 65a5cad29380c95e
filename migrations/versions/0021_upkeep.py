"""How libraries are kept current: whether they are watched, their schedules, and why each scan began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: libraries are watched, and have no schedule."""
    op.add_column("libraries", sa.Column("watch", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("libraries", sa.Column("schedule", sa.Text(), nullable=False, server_default=""))
    op.add_column("libraries", sa.Column("scheduled_from", sa.BigInteger()))
    op.add_column("scan_jobs", sa.Column("cause", sa.Text(), nullable=False, server_default="asked"))
    op.add_column("scan_jobs", sa.Column("parts", sa.Text()))


def downgrade() -> None:
    """Take them away; schedules are lost."""
    for column in ("parts", "cause"):
        op.drop_column("scan_jobs", column)
    for column in ("scheduled_from", "schedule", "watch"):
        op.drop_column("libraries", column)
