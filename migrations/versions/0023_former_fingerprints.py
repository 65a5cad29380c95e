"""What the content of files was that an interrupted scan found to be others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of files that are there already it is not known."""
    op.add_column("unsettled_files", sa.Column("fingerprint", sa.LargeBinary()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("unsettled_files", "fingerprint")
