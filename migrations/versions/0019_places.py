"""An index of folders by the beginning of their paths in PostgreSQL, for listings in the order of paths.

Whole paths are too long for its ordered indexes, and SQLite has one already.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_directories_beginning ON directories (substring(path, 1, 1000))")


def downgrade() -> None:
    """Drop it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_directories_beginning")
