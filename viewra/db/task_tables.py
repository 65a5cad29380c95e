"""The tables of plugins' tasks: their queues, the schedules that fill them, and the metadata that they put."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import Bytes, Flag, Id, metadata

plugin_tasks = sa.Table(
    "plugin_tasks",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("plugin_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", sa.Text),  # NULL: it has none, and may be there many times
    sa.Column("data", Bytes, nullable=False),  # JSON
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),  # its priority negated: what comes first has the lowest
    sa.Column("due_at", sa.BigInteger, nullable=False),  # of a running task: when its host's claim to it ends
    sa.Column("failed", sa.Integer, nullable=False),  # attempts; of a running task this one counts already
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("again", Flag, nullable=False),  # it was enqueued again while it was executed
    sa.Column("owner", sa.Text),  # the host that executes it
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("enqueued_at", sa.BigInteger, nullable=False),
    sa.Column("scheduled_at", sa.BigInteger, nullable=False),  # 0: no schedule has made it
    sa.Column("missed", sa.Integer, nullable=False),
    sa.UniqueConstraint("plugin_id", "key"),
    sa.Index("ix_plugin_tasks_turn", "plugin_id", "state", "rank", "id"),
    sa.Index("ix_plugin_tasks_due", "state", "due_at"),
)

plugin_schedules = sa.Table(
    "plugin_schedules",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("schedule", sa.Text, nullable=False),
    sa.Column("data", Bytes, nullable=False),  # JSON
    sa.Column("declared", Flag, nullable=False),  # by the manifest
    sa.Column("next_at", sa.BigInteger),  # NULL: it does not come again
)

put_metadata = sa.Table(
    "put_metadata",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("data", sa.Text, nullable=False),  # JSON, as in file_metadata
    sa.Column("put_at", sa.BigInteger, nullable=False),
)
"""Times are in microseconds since the epoch."""
