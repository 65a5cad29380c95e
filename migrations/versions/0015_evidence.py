"""What tells disks apart that are mounted at the same place, and files after a scan that was interrupted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them, empty: the next scan fills them."""
    op.add_column("directories", sa.Column("disks", sa.Text()))
    op.create_table(
        "unsettled_scans",
        sa.Column("library_id", ID, nullable=False),
        sa.Column("newest_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_unsettled_scans_library_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("library_id", name="pk_unsettled_scans"),
    )
    op.create_table(
        "unsettled_files",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_unsettled_files_media_file_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("media_file_id", name="pk_unsettled_files"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("unsettled_files")
    op.drop_table("unsettled_scans")
    op.drop_column("directories", "disks")
