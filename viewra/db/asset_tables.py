"""The tables of assets: files that plugins store with the host, and what they belong to.

The files themselves are in the data directory, see ``viewra/assets``.
"""

from __future__ import annotations

import sqlalchemy as sa

import viewra.db.catalogue_tables  # noqa: F401  (adds the tables that links refer to)
from viewra.db.tables import Flag, Id, metadata
from viewra.types import MAX_ID

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name="id_fits_the_wire"),
    sa.Column("store", sa.Text, nullable=False),  # of the folder with the file: hosts may share a database
    sa.Column("hash", sa.Text, nullable=False),  # SHA-256, in hexadecimal
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("store", "hash"),
    sqlite_autoincrement=True,
)

asset_uses = sa.Table(
    "asset_uses",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("asset_id", Id, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("kept", Flag, nullable=False),  # also without a link
    sa.Column("since", sa.BigInteger, nullable=False),  # when the plugin stored it last
)

asset_links = sa.Table(
    "asset_links",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("asset_id", Id, sa.ForeignKey("assets.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("plugin_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), index=True),  # one of the three
    sa.Column("album_id", Id, sa.ForeignKey("albums.id", ondelete="CASCADE"), index=True),
    sa.Column("artist_id", Id, sa.ForeignKey("artists.id", ondelete="CASCADE"), index=True),
    sa.Column("source_url", sa.Text, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),  # a JSON object of texts in ASCII, "" for none
    sqlite_autoincrement=True,
)

artwork_reads = sa.Table(
    "artwork_reads",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # of the file and of the plugin's code when it was asked
    sa.Column("pictures", sa.Integer, nullable=False),  # how many it found then
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("read_at", sa.BigInteger, nullable=False),
)
