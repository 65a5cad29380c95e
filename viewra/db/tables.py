"""The host's tables in SQLAlchemy Core, and the newest revision of their schema.

``migrations/`` creates them; a test compares the two. The full-text index is not here, since it differs by database:
see ``viewra/library/fulltext.py``. Times are microseconds since the epoch (UTC); paths are bytes as in the file system.
"""

from __future__ import annotations

import sqlalchemy as sa

from viewra.types import MAX_ID

REVISION = "0025"
"""The newest revision in ``migrations/versions``, repeated here so that a start need not import Alembic."""
metadata = sa.MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A row id. SQLite assigns ids only in a column of exactly the type INTEGER."""


class Bytes(sa.LargeBinary):
    """Bytes, which both drivers accept unchanged; SQLAlchemy's own type converts each value (3 µs a row)."""

    def bind_processor(self, dialect: sa.Dialect) -> None:
        """Nothing is done."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """Nothing is done."""


class Flag(sa.Boolean):
    """True or False, which both drivers accept unchanged."""

    def bind_processor(self, dialect: sa.Dialect) -> None:
        """Nothing is done."""


def _wire_id() -> list[sa.Column[int] | sa.CheckConstraint]:
    """A primary key that fits the wire's type and is never reused."""
    return [
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name="id_fits_the_wire"),
    ]


plugins = sa.Table(
    "plugins",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("enabled", Flag, nullable=False),
    sa.Column("first_seen", sa.BigInteger, nullable=False),
)

plugin_settings = sa.Table(
    "plugin_settings",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # dotted
    sa.Column("value", sa.Text, nullable=False),  # JSON, or a token encrypted with the host's key
    sa.Column("encrypted", Flag, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)

plugin_pins = sa.Table(
    "plugin_pins",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("entry", sa.Text, nullable=False),  # SHA-256, in hexadecimal
    sa.Column("tree", sa.Text, nullable=False),
)

plugin_quarantines = sa.Table(
    "plugin_quarantines",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
)

plugin_facts = sa.Table(
    "plugin_facts",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
)

plugin_services = sa.Table(
    "plugin_services",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("services", sa.Text, nullable=False),  # names, separated by spaces
)

plugin_removals = sa.Table(
    "plugin_removals",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, nullable=False),
    sa.Column("keep_data", Flag, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
)

plugin_grants = sa.Table(
    "plugin_grants",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("path", Bytes, primary_key=True),
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("action", sa.Text, primary_key=True),
    sa.Column("granted", Flag, nullable=False),
    sa.Column("paths", sa.Text, nullable=False),  # JSON: the operator's folders and hosts, and what was asked for
)

plugin_users = sa.Table(
    "plugin_users",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("uid", sa.Integer, nullable=False, unique=True),
)

libraries = sa.Table(
    "libraries",
    metadata,
    *_wire_id(),
    sa.Column("path", Bytes, nullable=False, unique=True),
    sa.Column("path_text", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("missing_keep_s", sa.BigInteger, nullable=False, server_default="2592000"),  # 30 days
    sa.Column("follow_links", sa.Text, nullable=False, server_default="all"),  # one of: inside, all, none
    sa.Column("hidden", Flag, nullable=False, server_default=sa.false()),  # whether hidden files are media too
    sa.Column("exclude", sa.Text, nullable=False, server_default=""),  # patterns in gitignore's syntax, one per line
    sa.Column("settled", sa.Text),  # JSON of a scan that left nothing to do; triggers set it to NULL with any change
    sa.Column("watch", Flag, nullable=False, server_default=sa.true()),  # whether a lasting host keeps it current
    sa.Column("schedule", sa.Text, nullable=False, server_default=""),  # as ``parse_schedule`` reads it; "": none
    sa.Column("scheduled_from", sa.BigInteger),  # when its last scheduled scan began, or the schedule was set
    sqlite_autoincrement=True,
)

directories = sa.Table(
    "directories",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("library_id", Id, sa.ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("path", Bytes, nullable=False, unique=True),
    sa.Column("last_seen_job", Id, nullable=False),
    sa.Column("device", sa.BigInteger),  # NULL, as ``mount``: not looked at since there is this column
    sa.Column("mount", Bytes),  # the mount point of the file system that it is on
    sa.Column("disks", sa.Text),  # the disks, mounted there one after the other, with files in it; NULL: unknown
    sa.Column("signature", Bytes),  # of the disk when all rows were as there; triggers set it to NULL with any change
    sa.Column("files", sa.Integer),  # how many it had then
    sa.Column("mtime_ns", sa.BigInteger),  # its own, or ctime, the later, then; 0: too recent to show the next change
)

media_files = sa.Table(
    "media_files",
    metadata,
    *_wire_id(),
    sa.Column("library_id", Id, sa.ForeignKey("libraries.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("directory_id", Id, sa.ForeignKey("directories.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", Bytes, nullable=False),
    sa.Column("path_text", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("device", sa.BigInteger, nullable=False),
    sa.Column("inode", sa.BigInteger, nullable=False, index=True),
    sa.Column("mime_type", sa.Text, nullable=False),
    sa.Column("fingerprint", Bytes, index=True),  # NULL: the file could not be read
    sa.Column("event_due", Flag, nullable=False),
    sa.Column("ctime_ns", sa.BigInteger),  # NULL: not read since this column exists
    sa.Column("missing_since", sa.BigInteger),  # NULL: present when its folder was last read
    sa.Column("added_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("directory_id", "name"),
    sqlite_autoincrement=True,
)
sa.Index("ix_media_files_added_at", media_files.c.added_at, media_files.c.id)
sa.Index("ix_media_files_size", media_files.c.size, media_files.c.id)
sa.Index("ix_media_files_mtime_ns", media_files.c.mtime_ns, media_files.c.id)
sa.Index(
    "ix_media_files_event_due",
    media_files.c.library_id,
    media_files.c.id,
    sqlite_where=media_files.c.event_due,  # in PostgreSQL too; saying so here would import its dialect at each start
)
event_is_due = sa.text("media_files.event_due")
"""As the index has it: SQLite does not use the index for ``event_due = 1``, which SQLAlchemy writes for the column."""

sa.Index(
    "ix_media_files_missing_since",
    media_files.c.library_id,
    media_files.c.id,
    sqlite_where=media_files.c.missing_since.is_not(None),  # in PostgreSQL too, as above
)
sa.Index(
    "ix_media_files_nfo",
    media_files.c.directory_id,
    sqlite_where=media_files.c.mime_type == sa.literal_column("'text/x-nfo'"),  # in PostgreSQL too, as above
)

other_paths = sa.Table(
    "other_paths",
    metadata,
    sa.Column("directory_id", Id, sa.ForeignKey("directories.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", Bytes, primary_key=True),  # of a hard or symbolic link to a file of the library
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), nullable=False, index=True),
)

file_metadata = sa.Table(
    "file_metadata",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("code_hash", sa.Text, nullable=False),  # "": to be read again
    sa.Column("status", sa.Text, nullable=False),  # ok, error or skipped
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("data", sa.Text),  # a JSON object of text; NULL without metadata
    sa.Column("read_at", sa.BigInteger, nullable=False),
)
sa.Index(
    "ix_file_metadata_failed",
    file_metadata.c.media_file_id,
    sqlite_where=file_metadata.c.status == sa.literal_column("'error'"),  # in PostgreSQL too, as above
)

scan_jobs = sa.Table(
    "scan_jobs",
    metadata,
    *_wire_id(),
    sa.Column("library_id", Id, nullable=False, index=True),  # no foreign key: history outlives the library
    sa.Column("path", Bytes, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("counts", sa.Text),
    sa.Column("failures", sa.Text),
    sa.Column("cause", sa.Text, nullable=False, server_default="asked"),  # of ``ScanCause``
    sa.Column("parts", sa.Text),  # JSON: the folders that it looked at; NULL: ``path`` with all below
    sqlite_autoincrement=True,
)

scan_events = sa.Table(
    "scan_events",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("scan_job_id", Id, nullable=False),
    sa.Column("library_id", Id, nullable=False),
    sa.Column("media_file_id", Id),
    sa.Column("path", Bytes),  # of the library at the start of a scan; of a file that moved, is missing, …
    sa.Column("payload", sa.Text),  # the figures, as a JSON object of text, at the end of a scan
    sa.Column("old_path", Bytes),  # of a file that moved
    sqlite_autoincrement=True,
)

listener_cursors = sa.Table(
    "listener_cursors",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("event_id", Id, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False, server_default="0"),  # how many events were set aside so far
    sa.Column("gone", Flag, nullable=False, server_default=sa.false()),  # its plugin is not installed: no events kept
    sa.Column("seen_at", sa.BigInteger, nullable=False, server_default="0"),  # when a host last had its plugin
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),  # at the event ``event_id``
    sa.Column("retry_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("error", sa.Text, nullable=False, server_default=""),  # of the last attempt
)

set_aside_events = sa.Table(
    "set_aside_events",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("event_id", Id, sa.ForeignKey("scan_events.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("due", Flag, nullable=False),  # the operator asked for another delivery
)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """False for the full-text index and SQLite's tables behind it, which are not in the metadata Alembic compares."""
    return not (kind == "table" and name is not None and name.startswith("media_search"))
