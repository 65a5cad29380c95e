"""The tables of host services: what plugins store with the host, and their messages to the operator."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import Bytes, Flag, Id, metadata

plugin_values = sa.Table(
    "plugin_values",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("key", Bytes, primary_key=True),  # in UTF-8: both databases order bytes alike
    sa.Column("value", Bytes, nullable=False),
    sa.Column("is_json", Flag, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),  # NULL: never
)

plugin_notices = sa.Table(
    "plugin_notices",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("plugin_id", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
