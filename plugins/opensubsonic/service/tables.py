"""The tables, as the newest migration leaves them. Times are microseconds since the epoch (UTC)."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # song, album or artist
    sa.Column("item_id", sa.BigInteger, primary_key=True, autoincrement=False),  # the host's id of it
    sa.Column("starred_at", sa.BigInteger),
    sa.Column("rating", sa.Integer, nullable=False, server_default="0"),  # 1 to 5; 0: none
    sa.Column("plays", sa.Integer, nullable=False, server_default="0"),
    sa.Column("played_at", sa.BigInteger),
)

playlists = sa.Table(
    "playlists",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False, server_default=""),
    sa.Column("public", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

playlist_songs = sa.Table(
    "playlist_songs",
    metadata,
    sa.Column("playlist_id", sa.Integer, sa.ForeignKey("playlists.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("media_file_id", sa.BigInteger, nullable=False),
    sa.Column("duration_ms", sa.Integer, nullable=False),
)
