"""Tables of the operator's and the manifests' orders of plugins, where their values differ."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import metadata

field_priorities = sa.Table(
    "field_priorities",
    metadata,
    sa.Column("field", sa.Text, primary_key=True),  # "*": all plugins
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
)

manifest_priorities = sa.Table(
    "manifest_priorities",
    metadata,
    sa.Column("plugin_id", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("priority", sa.Integer, nullable=False),  # the higher rank comes first
)
