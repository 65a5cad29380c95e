"""Albums, artists, genres and series; an index of folded words, so that a search finds text however it is written."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; the next scan or start of a host fills them from the metadata."""
    _named_rows()
    _catalogue()
    _links()
    op.add_column("media_files", sa.Column("added_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_media_files_added_at", "media_files", ["added_at"])
    read = "(SELECT MIN(read_at) FROM file_metadata WHERE media_file_id = media_files.id)"
    update = sa.text(f"UPDATE media_files SET added_at = COALESCE({read}, :now)")  # noqa: S608  (constants alone)
    op.execute(update.bindparams(now=time.time_ns() // 1000))
    op.create_table(
        "metadata_fields",
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("field", name="pk_metadata_fields"),
    )
    on_postgresql = op.get_context().dialect.name == "postgresql"
    each = "json_object_keys(data::json) AS field FROM file_metadata" if on_postgresql else _SQLITE_KEYS
    op.execute(f"INSERT INTO metadata_fields (field) SELECT DISTINCT {each} WHERE data IS NOT NULL")
    op.drop_table("media_search")
    if on_postgresql:
        _postgresql_index()
    else:
        op.execute(
            "CREATE VIRTUAL TABLE media_search USING fts5("
            "title, artist, album, albumartist, composer, genre, date, path, tokenize = 'ascii')"
        )
    _mark_unfinished()


def downgrade() -> None:
    """Take the tables away; the search index is made again from the metadata by ``viewra fsck --repair``."""
    op.drop_table("media_search")
    if op.get_context().dialect.name == "postgresql":
        _postgresql_index(
            *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in ("title", "artist", "album"))
        )
        for name in ("title", "artist", "album"):
            op.alter_column("media_search", name, server_default=None)
    else:
        op.execute(
            "CREATE VIRTUAL TABLE media_search USING fts5("
            "title, artist, album, albumartist, composer, genre, date, path, "
            "tokenize = 'unicode61 remove_diacritics 2')"
        )
    op.execute("DELETE FROM field_priorities WHERE field = ''")
    op.drop_index("ix_media_files_added_at", "media_files")
    op.drop_column("media_files", "added_at")
    for table in (
        "metadata_fields",
        "file_genres",
        "file_artists",
        "catalogue",
        "genres",
        "artists",
        "series",
        "albums",
    ):
        op.drop_table(table)


_SQLITE_KEYS = "keys.key AS field FROM file_metadata, json_each(file_metadata.data) AS keys"


def _mark_unfinished() -> None:
    """Have all files written into the index and the catalogue (see ``viewra/library/priorities.py``)."""
    op.execute("DELETE FROM field_priorities WHERE field = ''")
    op.execute(
        "INSERT INTO field_priorities (field, plugin_id, position)"
        " SELECT '', '0', 1 WHERE EXISTS (SELECT 1 FROM media_files)"
    )


def _postgresql_index(*shown: sa.Column[str]) -> None:
    op.create_table(
        "media_search",
        sa.Column("rowid", ID, autoincrement=False, nullable=False),
        *shown,
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["rowid"], ["media_files.id"], name="fk_media_search_rowid", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rowid", name="pk_media_search"),
    )
    op.create_index("ix_media_search_document", "media_search", ["document"], postgresql_using="gin")


def _named_rows() -> None:
    op.create_table(
        "albums",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("sort_title", sa.Text(), nullable=False),
        sa.Column("sort_artist", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("musicbrainz_id", sa.Text(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_albums"),
        sa.UniqueConstraint("key", "musicbrainz_id", name="uq_albums_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_albums_sort_artist", "albums", ["sort_artist", "sort_title", "id"])
    op.create_index("ix_albums_musicbrainz_id", "albums", ["musicbrainz_id"])
    op.create_table(
        "series",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("key", name="uq_series_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "artists",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("musicbrainz_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artists"),
        sa.UniqueConstraint("key", "musicbrainz_id", name="uq_artists_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artists_sort_name", "artists", ["sort_name", "id"])
    op.create_table(
        "genres",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_genres"),
        sa.UniqueConstraint("key", name="uq_genres_key"),
        sqlite_autoincrement=True,
    )


def _catalogue() -> None:
    op.create_table(
        "catalogue",
        sa.Column("media_file_id", ID, autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "kind",
                "title",
                "artist",
                "album",
                "albumartist",
                "sort_title",
                "sort_artist",
                "sort_album",
            )
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("disc", sa.Integer(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("album_id", ID),
        sa.Column("series_id", ID),
        sa.Column("season", sa.Integer()),
        sa.Column("episode", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["media_files.id"], name="fk_catalogue_media_file_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["album_id"], ["albums.id"], name="fk_catalogue_album_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_catalogue_series_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("media_file_id", name="pk_catalogue"),
    )
    op.create_index("ix_catalogue_album_id", "catalogue", ["album_id"])
    op.create_index("ix_catalogue_series_id", "catalogue", ["series_id"])
    op.create_index("ix_catalogue_kind", "catalogue", ["kind", "sort_title", "media_file_id"])
    op.create_index("ix_catalogue_sort_title", "catalogue", ["sort_title", "media_file_id"])
    op.create_index("ix_catalogue_year", "catalogue", ["year", "media_file_id"])


def _links() -> None:
    op.create_table(
        "file_artists",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("artist_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["catalogue.media_file_id"], name="fk_file_artists_media_file_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["artist_id"], ["artists.id"], name="fk_file_artists_artist_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("media_file_id", "role", "artist_id", name="pk_file_artists"),
    )
    op.create_index("ix_file_artists_artist_id", "file_artists", ["artist_id", "role", "media_file_id"])
    op.create_table(
        "file_genres",
        sa.Column("media_file_id", ID, nullable=False),
        sa.Column("genre_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["media_file_id"], ["catalogue.media_file_id"], name="fk_file_genres_media_file_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["genre_id"], ["genres.id"], name="fk_file_genres_genre_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("media_file_id", "genre_id", name="pk_file_genres"),
    )
    op.create_index("ix_file_genres_genre_id", "file_genres", ["genre_id", "media_file_id"])
