"""Libraries, media files, their metadata, scan jobs, notifications and the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MAX_ID = 2**32 - 1
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def unique_path(table: str) -> list[sa.Constraint]:
    """Make a path unique; PostgreSQL's ordinary indexes accept no value of more than 2.7 kB."""
    if op.get_context().dialect.name == "postgresql":
        return [postgresql.ExcludeConstraint(("path", "="), using="hash", name=f"uq_{table}_path")]
    return [sa.UniqueConstraint("path", name=f"uq_{table}_path")]


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "plugins",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "path", name="pk_plugins"),
    )
    op.create_table(
        "libraries",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name="ck_libraries_id_fits_the_wire"),
        sa.PrimaryKeyConstraint("id", name="pk_libraries"),
        *unique_path("libraries"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "directories",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("library_id", ID, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen_job", ID, nullable=False),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_directories_library_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_directories"),
        *unique_path("directories"),
    )
    op.create_index("ix_directories_library_id", "directories", ["library_id"])
    op.create_table(
        "media_files",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("library_id", ID, nullable=False),
        sa.Column("directory_id", ID, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("path_text", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("event_due", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name="ck_media_files_id_fits_the_wire"),
        sa.ForeignKeyConstraint(["library_id"], ["libraries.id"], name="fk_media_files_library_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directories.id"], name="fk_media_files_directory_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_media_files"),
        sa.UniqueConstraint("directory_id", "name", name="uq_media_files_directory_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_media_files_library_id", "media_files", ["library_id"])
    op.create_index("ix_media_files_inode", "media_files", ["inode"])
    op.create_index("ix_media_files_fingerprint", "media_files", ["fingerprint"])
    due = sa.column("event_due", sa.Boolean())
    op.create_index(
        "ix_media_files_event_due", "media_files", ["library_id", "id"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "file_metadata",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_file_metadata_media_file_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("media_file_id", "plugin_id", name="pk_file_metadata"),
    )
    op.create_table(
        "scan_jobs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("library_id", ID, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("failures", sa.Text(), nullable=True),
        sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name="ck_scan_jobs_id_fits_the_wire"),
        sa.PrimaryKeyConstraint("id", name="pk_scan_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scan_jobs_library_id", "scan_jobs", ["library_id"])
    op.create_table(
        "scan_events",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scan_job_id", ID, nullable=False),
        sa.Column("library_id", ID, nullable=False),
        sa.Column("media_file_id", ID, nullable=True),
        sa.Column("path", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scan_events"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "listener_cursors",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("plugin_id", name="pk_listener_cursors"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_table(
            "media_search",
            sa.Column("rowid", ID, autoincrement=False, nullable=False),  # the id of the media file
            sa.Column("title", sa.Text(), nullable=False),
            sa.Column("artist", sa.Text(), nullable=False),
            sa.Column("album", sa.Text(), nullable=False),
            sa.Column("document", postgresql.TSVECTOR(), nullable=False),
            sa.ForeignKeyConstraint(["rowid"], ["media_files.id"], name="fk_media_search_rowid", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("rowid", name="pk_media_search"),
        )
        op.create_index("ix_media_search_document", "media_search", ["document"], postgresql_using="gin")
    else:
        # SQLite's own full-text index; its rowid is the id of the media file.
        op.execute(
            "CREATE VIRTUAL TABLE media_search USING fts5("
            "title, artist, album, albumartist, composer, genre, date, path, "
            "tokenize = 'unicode61 remove_diacritics 2')"
        )


def downgrade() -> None:
    """Drop all tables."""
    for table in (
        "media_search",
        "listener_cursors",
        "scan_events",
        "scan_jobs",
        "file_metadata",
        "media_files",
        "directories",
        "libraries",
        "plugins",
    ):
        op.drop_table(table)
