"""The tables of ``library.unsettled``: what a scan that was interrupted leaves to the next one."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import Bytes, Id, metadata

unsettled_scans = sa.Table(  # libraries with an interrupted scan
    "unsettled_scans",
    metadata,
    sa.Column("library_id", Id, sa.ForeignKey("libraries.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("newest_id", sa.BigInteger, nullable=False),  # of the files before that scan
)

unsettled_files = sa.Table(  # files that it found to be others, as they were before
    "unsettled_files",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("media_files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("device", sa.BigInteger, nullable=False),
    sa.Column("inode", sa.BigInteger, nullable=False),
    sa.Column("fingerprint", Bytes),
)
