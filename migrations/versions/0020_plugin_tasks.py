"""The tasks that plugins have put into their queues, their schedules, and the metadata that they found elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "plugin_tasks",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("scheduled_at", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plugin_tasks"),
        sa.UniqueConstraint("plugin_id", "key", name="uq_plugin_tasks_plugin_id"),
    )
    op.create_index("ix_plugin_tasks_turn", "plugin_tasks", ["plugin_id", "state", "rank", "id"])
    op.create_index("ix_plugin_tasks_due", "plugin_tasks", ["state", "due_at"])
    op.create_table(
        "plugin_schedules",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("plugin_id", "name", name="pk_plugin_schedules"),
    )
    op.create_table(
        "put_metadata",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("put_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("media_file_id", "plugin_id", name="pk_put_metadata"),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_put_metadata_media_file_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "file_identifiers",
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("media_file_id", ID, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("field", "value", "media_file_id", name="pk_file_identifiers"),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_file_identifiers_media_file_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_file_identifiers_media_file_id", "file_identifiers", ["media_file_id"])
    _mark_unfinished()


def _mark_unfinished() -> None:
    """Have what files are found by written again, and so their identifiers (see ``viewra/library/priorities.py``)."""
    op.execute(f"DELETE FROM field_priorities WHERE field = '' AND {_IDENTIFIED}")  # noqa: S608 - a constant
    op.execute(f"INSERT INTO field_priorities (field, plugin_id, position) SELECT '', '0', 1 WHERE {_IDENTIFIED}")


_IDENTIFIED = (
    "EXISTS (SELECT 1 FROM file_metadata WHERE data LIKE '%\"isrc\"%' OR data LIKE '%\"acoustid_id\"%'"
    " OR data LIKE '%\"musicbrainz_recordingid\"%')"
)


def downgrade() -> None:
    """Drop them: what is in the queues is not executed, what was put is forgotten."""
    op.drop_table("file_identifiers")
    op.drop_table("put_metadata")
    op.drop_table("plugin_schedules")
    op.drop_table("plugin_tasks")
