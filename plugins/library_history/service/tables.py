"""The tables, as the newest migration leaves them. Times are microseconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

files = sa.Table(
    "files",
    metadata,
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", sa.Text, nullable=False),  # as text: bytes that are not UTF-8 are written \xNN
    sa.Column("first_seen", sa.BigInteger, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),  # a JSON object of text
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("media_file_id", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # moved, retagged, missing, returned or purged
    sa.Index("changes_by_file", "media_file_id"),
)

changed_fields = sa.Table(
    "changed_fields",
    metadata,
    sa.Column("change_id", sa.Integer, sa.ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),  # "path", or the tag's name
    sa.Column("before", sa.Text),  # NULL: it was not there
    sa.Column("after", sa.Text),  # NULL: it is not there any more
)
