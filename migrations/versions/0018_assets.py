"""Assets: files that plugins store with the host, and what they belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MAX_ID = 2**32 - 1


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "assets",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"id BETWEEN 1 AND {MAX_ID}", name=op.f("ck_assets_id_fits_the_wire")),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.UniqueConstraint("store", "hash", name="uq_assets_store"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "asset_uses",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("asset_id", ID, nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_asset_uses_asset_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plugin_id", "asset_id", name="pk_asset_uses"),
    )
    op.create_index("ix_asset_uses_asset_id", "asset_uses", ["asset_id"])
    _links()
    op.create_table(
        "artwork_reads",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_artwork_reads_media_file_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("media_file_id", "plugin_id", "store", name="pk_artwork_reads"),
    )


def downgrade() -> None:
    """Drop them; the files in the data directory's folder ``assets`` are no longer needed."""
    for table in ("artwork_reads", "asset_links", "asset_uses", "assets"):
        op.drop_table(table)


def _links() -> None:
    targets = {"media_file_id": "media_files.id", "album_id": "albums.id", "artist_id": "artists.id"}
    op.create_table(
        "asset_links",
        sa.Column("id", ID, nullable=False, autoincrement=True),
        sa.Column("asset_id", ID, nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *(sa.Column(name, ID) for name in targets),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_asset_links_asset_id", ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint([name], [target], name=f"fk_asset_links_{name}", ondelete="CASCADE")
            for name, target in targets.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_asset_links"),
        sqlite_autoincrement=True,
    )
    for name in ("asset_id", "plugin_id", *targets):
        op.create_index(f"ix_asset_links_{name}", "asset_links", [name])
