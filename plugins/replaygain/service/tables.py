"""The tables, as the newest migration leaves them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

measured = sa.Table(
    "measured",
    metadata,
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # of the file when it was measured, as mtime_ns
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
)

pending = sa.Table(
    "pending",
    metadata,
    # a file that a scan has found or read again, and that was not looked at since
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
)
