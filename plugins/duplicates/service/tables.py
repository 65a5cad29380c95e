"""The table, as the newest migration leaves it."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

files = sa.Table(
    "files",
    metadata,
    sa.Column("media_file_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("path", sa.Text, nullable=False),  # as text: bytes that are not UTF-8 are written \xNN
    sa.Column("kind", sa.Text, nullable=False),  # audio, video or image
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("recording", sa.Text),  # the MusicBrainz id of the recording
    sa.Column("acoustid", sa.Text),
    sa.Column("said", sa.Text),  # title and artist, folded
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("quality", sa.Text, nullable=False),  # for people: format and bit rate, or pixels
    sa.Column("missing", sa.Boolean, nullable=False),
    sa.Column("digest", sa.Text),  # SHA-256 of the content; NULL: not computed
    sa.Column("look", sa.Text),  # what the picture looks like, 128 bits in hexadecimal; "": not known; NULL: not read
    sa.Column("alike", sa.BigInteger),  # the least id of the pictures that look like this one
    sa.Index("files_by_size", "size"),
    sa.Index("files_by_digest", "digest"),
    sa.Index("files_by_recording", "recording"),
    sa.Index("files_by_acoustid", "acoustid"),
    sa.Index("files_by_said", "said"),
    sa.Index("files_by_alike", "alike"),
)
