"""Creates the table of files with what is compared of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "files",
        sa.Column("media_file_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=True),
        sa.Column("acoustid", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("look", sa.Text(), nullable=True),
        sa.Column("alike", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("media_file_id"),
    )
    op.create_index("files_by_size", "files", ["size"])
    op.create_index("files_by_digest", "files", ["digest"])
    op.create_index("files_by_recording", "files", ["recording"])
    op.create_index("files_by_acoustid", "files", ["acoustid"])
    op.create_index("files_by_said", "files", ["said"])
    op.create_index("files_by_alike", "files", ["alike"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("files")
