"""The table, as the newest migration leaves it."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

asked = sa.Table(
    "asked",
    metadata,
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("question", sa.Text, nullable=False),  # a digest of what the server was asked
    sa.Column("found", sa.Boolean, nullable=False),  # the words are among what was put
    sa.Column("asked_at", sa.BigInteger, nullable=False),  # seconds since the epoch
)
