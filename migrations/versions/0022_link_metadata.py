"""What plugins say of the pictures that they link, beside kind and source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; links that are there say nothing more."""
    op.add_column("asset_links", sa.Column("metadata", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it away, with what plugins said."""
    op.drop_column("asset_links", "metadata")
