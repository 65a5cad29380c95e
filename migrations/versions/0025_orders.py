"""Indexes of the orders that files and albums are listed in, each with the id that decides among equals.

All files of a scan have the time at which they were added in common: without the id, PostgreSQL sorts all of these for
each page.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ORDERS = (
    ("media_files", "added_at", "id"),
    ("media_files", "size", "id"),
    ("media_files", "mtime_ns", "id"),
    ("catalogue", "duration_ms", "media_file_id"),
    ("albums", "sort_title", "id"),
    ("albums", "year", "id"),
    ("albums", "added_at", "id"),
)


def upgrade() -> None:
    """Make the indexes; the one that there is gets the id."""
    op.drop_index("ix_media_files_added_at", "media_files")
    for table, column, last in _ORDERS:
        op.create_index(f"ix_{table}_{column}", table, [column, last])


def downgrade() -> None:
    """Take them away, and the id from the one that there was."""
    for table, column, _ in _ORDERS:
        op.drop_index(f"ix_{table}_{column}", table)
    op.create_index("ix_media_files_added_at", "media_files", ["added_at"])
