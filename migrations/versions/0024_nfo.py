"""An index of nfo files: what they say is metadata of the films and episodes beside them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_IS_NFO = "mime_type = 'text/x-nfo'"


def upgrade() -> None:
    """Add the index, and have files be found by what nfo files say (see ``viewra/library/priorities.py``)."""
    where = sa.text(_IS_NFO)
    op.create_index("ix_media_files_nfo", "media_files", ["directory_id"], sqlite_where=where, postgresql_where=where)
    there = f"EXISTS (SELECT 1 FROM media_files WHERE {_IS_NFO})"  # noqa: S608 - a constant
    op.execute(f"DELETE FROM field_priorities WHERE field = '' AND {there}")  # noqa: S608
    op.execute(f"INSERT INTO field_priorities (field, plugin_id, position) SELECT '', '0', 1 WHERE {there}")


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_media_files_nfo", "media_files")
