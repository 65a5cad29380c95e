"""The tables, as the newest migration leaves them. Times are microseconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", sa.LargeBinary, nullable=False, index=True),  # as the file system has it
    sa.Column("size", sa.BigInteger, nullable=False),  # of the file when it was looked up, as mtime_ns
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("missing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("state", sa.Text, nullable=False, index=True),  # of store.State
    sa.Column("way", sa.Text, nullable=False, server_default=""),  # of matching.Way
    sa.Column("score", sa.Float, nullable=False, server_default="0"),  # 0 to 1
    sa.Column("by_hand", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("looked_up_at", sa.BigInteger, nullable=False, server_default="0"),  # 0: not yet
    sa.Column("recording_id", sa.Text, nullable=False, server_default=""),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("artist", sa.Text, nullable=False, server_default=""),
    sa.Column("album", sa.Text, nullable=False, server_default=""),
    sa.Column("covers_of", sa.Text, nullable=False, server_default=""),  # release/ID or release-group/ID
    sa.Column("reason", sa.Text, nullable=False, server_default=""),  # why there is no match
    sa.Column("fields", sa.JSON, nullable=False),  # the metadata that was put
    sa.Column("candidates", sa.JSON, nullable=False),  # recordings that were not taken, the best first
    sa.Column("refused", sa.JSON, nullable=False),  # ids of recordings that people have rejected
)

terms = sa.Table(
    "terms",
    metadata,
    # by which words a file is found, in which field
    sa.Column("word", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False, index=True),
)

covers = sa.Table(
    "covers",
    metadata,
    # a picture that was linked with an album of the library
    sa.Column("album_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("asset_id", sa.Text, nullable=False),
    sa.Column("covers_of", sa.Text, nullable=False, index=True),
)
