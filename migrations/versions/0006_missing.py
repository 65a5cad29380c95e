"""Missing files, the evidence by which a file is recognized, and the rules that leave files out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, empty or with their defaults, and the table of other paths."""
    op.add_column("libraries", sa.Column("missing_keep_s", sa.BigInteger(), nullable=False, server_default="2592000"))
    op.add_column("libraries", sa.Column("follow_links", sa.Text(), nullable=False, server_default="all"))
    op.add_column("libraries", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("libraries", sa.Column("exclude", sa.Text(), nullable=False, server_default=""))
    op.add_column("directories", sa.Column("device", sa.BigInteger()))
    op.add_column("directories", sa.Column("mount", sa.LargeBinary()))
    op.add_column("media_files", sa.Column("ctime_ns", sa.BigInteger()))
    op.add_column("media_files", sa.Column("missing_since", sa.BigInteger()))
    op.add_column("scan_events", sa.Column("old_path", sa.LargeBinary()))
    op.create_index(
        "ix_media_files_missing_since",
        "media_files",
        ["library_id", "id"],
        sqlite_where=sa.text("missing_since IS NOT NULL"),
        postgresql_where=sa.text("missing_since IS NOT NULL"),
    )
    id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "other_paths",
        sa.Column("directory_id", id_type, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("media_file_id", id_type, nullable=False),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directories.id"], name="fk_other_paths_directory_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_other_paths_media_file_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("directory_id", "name", name="pk_other_paths"),
    )
    op.create_index("ix_other_paths_media_file_id", "other_paths", ["media_file_id"])


def downgrade() -> None:
    """Drop them and forget missing files, which the older version would have deleted."""
    op.execute("DELETE FROM media_files WHERE missing_since IS NOT NULL")
    op.execute("DELETE FROM scan_events WHERE kind IN ('missing', 'returned', 'moved', 'purged')")
    op.drop_table("other_paths")
    op.drop_index("ix_media_files_missing_since", "media_files")
    op.drop_column("scan_events", "old_path")
    op.drop_column("media_files", "missing_since")
    op.drop_column("media_files", "ctime_ns")
    op.drop_column("directories", "mount")
    op.drop_column("directories", "device")
    for column in ("exclude", "hidden", "follow_links", "missing_keep_s"):
        op.drop_column("libraries", column)
