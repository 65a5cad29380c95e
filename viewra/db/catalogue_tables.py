"""The tables of the catalogue: what a library is browsed and listed by, made of the metadata by ``library.catalogue``.

A file has a row in ``catalogue`` exactly as long as it is in the search index. Albums, artists, genres and series
without files stay, so that they have the same ids when their files return. Keys are folded text, see
``viewra/library/catalogue/keys.py``.
"""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.tables import Id, metadata

albums = sa.Table(
    "albums",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("artist", sa.Text, nullable=False),
    sa.Column("sort_title", sa.Text, nullable=False),
    sa.Column("sort_artist", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),  # of the oldest file; 0: not known
    sa.Column("musicbrainz_id", sa.Text, nullable=False),  # of the release; "" where no file states one
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("key", "musicbrainz_id"),
    sqlite_autoincrement=True,
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

catalogue = sa.Table(
    "catalogue",
    metadata,
    sa.Column(
        "media_file_id",
        Id,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("kind", sa.Text, nullable=False),  # audio, video, image, playlist or other
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("artist", sa.Text, nullable=False),
    sa.Column("album", sa.Text, nullable=False),
    sa.Column("albumartist", sa.Text, nullable=False),
    sa.Column("sort_title", sa.Text, nullable=False),
    sa.Column("sort_artist", sa.Text, nullable=False),  # of the album artist, where there is one
    sa.Column("sort_album", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),  # 0, as for the next three: not known
    sa.Column("duration_ms", sa.BigInteger, nullable=False),
    sa.Column("disc", sa.Integer, nullable=False),
    sa.Column("track", sa.Integer, nullable=False),
    sa.Column("album_id", Id, sa.ForeignKey("albums.id", ondelete="SET NULL"), index=True),
    sa.Column("series_id", Id, sa.ForeignKey("series.id", ondelete="SET NULL"), index=True),
    sa.Column("season", sa.Integer),
    sa.Column("episode", sa.Integer),
)
sa.Index("ix_catalogue_kind", catalogue.c.kind, catalogue.c.sort_title, catalogue.c.media_file_id)
sa.Index("ix_catalogue_sort_title", catalogue.c.sort_title, catalogue.c.media_file_id)
sa.Index(
    "ix_catalogue_sort_artist",
    catalogue.c.sort_artist,
    catalogue.c.sort_album,
    catalogue.c.disc,
    catalogue.c.track,
    catalogue.c.media_file_id,
)
sa.Index(
    "ix_catalogue_sort_album", catalogue.c.sort_album, catalogue.c.disc, catalogue.c.track, catalogue.c.media_file_id
)
sa.Index("ix_catalogue_year", catalogue.c.year, catalogue.c.media_file_id)
sa.Index("ix_catalogue_duration_ms", catalogue.c.duration_ms, catalogue.c.media_file_id)
sa.Index("ix_albums_sort_title", albums.c.sort_title, albums.c.id)
sa.Index("ix_albums_year", albums.c.year, albums.c.id)
sa.Index("ix_albums_added_at", albums.c.added_at, albums.c.id)
sa.Index("ix_albums_sort_artist", albums.c.sort_artist, albums.c.sort_title, albums.c.id)
sa.Index("ix_albums_musicbrainz_id", albums.c.musicbrainz_id)

artists = sa.Table(
    "artists",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("musicbrainz_id", sa.Text, nullable=False),  # "" where no file states one
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sort_name", sa.Text, nullable=False),
    sa.UniqueConstraint("key", "musicbrainz_id"),
    sqlite_autoincrement=True,
)
sa.Index("ix_artists_sort_name", artists.c.sort_name, artists.c.id)

file_artists = sa.Table(
    "file_artists",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("catalogue.media_file_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),  # artist or albumartist
    sa.Column("artist_id", Id, sa.ForeignKey("artists.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
)
sa.Index("ix_file_artists_artist_id", file_artists.c.artist_id, file_artists.c.role, file_artists.c.media_file_id)

genres = sa.Table(
    "genres",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

file_genres = sa.Table(
    "file_genres",
    metadata,
    sa.Column("media_file_id", Id, sa.ForeignKey("catalogue.media_file_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("genre_id", Id, sa.ForeignKey("genres.id", ondelete="CASCADE"), primary_key=True),
)
sa.Index("ix_file_genres_genre_id", file_genres.c.genre_id, file_genres.c.media_file_id)

metadata_fields = sa.Table(
    "metadata_fields",
    metadata,
    sa.Column("field", sa.Text, primary_key=True),  # that some plugin has said of some file
)

search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("word", sa.Text, primary_key=True),  # folded, as in the search index
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("head", sa.Text, nullable=False),  # its first two characters
    sa.Column("tail", sa.Text, nullable=False),  # its last two
    sqlite_with_rowid=False,
)
sa.Index("ix_search_words_head", search_words.c.head, search_words.c.length)
sa.Index("ix_search_words_tail", search_words.c.tail, search_words.c.length)

file_identifiers = sa.Table(
    "file_identifiers",
    metadata,
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),  # lower-case letters and digits
    sa.Column(
        "media_file_id",
        Id,
        sa.ForeignKey("media_files.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
)
