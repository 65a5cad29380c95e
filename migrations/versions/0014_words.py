"""Words to correct typing errors by; people and other titles in the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the index anew; the next scan or start of a host fills them from the metadata."""
    op.create_table(
        "search_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("tail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_words_head", "search_words", ["head", "length"])
    op.create_index("ix_search_words_tail", "search_words", ["tail", "length"])
    _empty_index("title, artist, album, albumartist, composer, titles, people, genre, date, path")


def downgrade() -> None:
    """Take the table away, and make the index as it was."""
    op.drop_table("search_words")
    _empty_index("title, artist, album, albumartist, composer, genre, date, path")


def _empty_index(columns: str) -> None:
    """Empty the index, and have all files written into it again (see ``viewra/library/priorities.py``)."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DELETE FROM media_search")
    else:
        op.execute("DROP TABLE media_search")
        op.execute(f"CREATE VIRTUAL TABLE media_search USING fts5({columns}, tokenize = 'ascii')")
    op.execute("DELETE FROM field_priorities WHERE field = ''")
    op.execute(
        "INSERT INTO field_priorities (field, plugin_id, position)"
        " SELECT '', '0', 1 WHERE EXISTS (SELECT 1 FROM media_files)"
    )
