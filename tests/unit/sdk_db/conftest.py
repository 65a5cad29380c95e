"""A folder of migrations, made for a test: three revisions, of which the second moves data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from viewra.sdk_db import open_engine

WriteRevision = Callable[..., Path]

metadata = sa.MetaData()
sa.Table("songs", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("artist_id", sa.Integer))
sa.Table("artists", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))

FIRST = """
    op.create_table("songs", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("artist", sa.Text()))
"""
MOVES_DATA = """
    op.create_table("artists", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.execute("INSERT INTO artists (name) SELECT DISTINCT artist FROM songs")
    with op.batch_alter_table("songs") as songs:
        songs.add_column(sa.Column("artist_id", sa.Integer()))
    op.execute("UPDATE songs SET artist_id = (SELECT id FROM artists WHERE name = artist)")
    with op.batch_alter_table("songs") as songs:
        songs.drop_column("artist")
"""
MOVES_BACK = """
    op.add_column("songs", sa.Column("artist", sa.Text()))
    op.execute("UPDATE songs SET artist = (SELECT name FROM artists WHERE artists.id = artist_id)")
    with op.batch_alter_table("songs") as songs:
        songs.drop_column("artist_id")
    op.drop_table("artists")
"""
ADDS = """
    op.add_column("songs", sa.Column("length", sa.Integer()))
    op.create_index("by_artist", "songs", ["artist_id"])
"""


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement on a plugin's database, in a transaction of its own."""
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def tables(url: str) -> list[str]:
    """The names of the tables that there are."""
    engine = open_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def fill(url: str, songs: int) -> None:
    """Put songs of a hundred artists into a database at 0001."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {songs})"
    query(url, f"INSERT INTO songs (id, artist) {numbers} SELECT i, 'artist ' || (i % 100) FROM n")


@pytest.fixture
def write_revision(tmp_path: Path) -> WriteRevision:
    """A function that writes one revision: ``write_revision("0002", "0001", upgrade, downgrade)``."""

    def write(revision: str, down: str | None, upgrade: str = "    pass", downgrade: str = "    pass") -> Path:
        folder = tmp_path / "migrations"
        folder.mkdir(exist_ok=True)
        file = folder / f"{revision}.py"
        file.write_text(
            f'"""Revision {revision}."""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            f"revision = {revision!r}\ndown_revision = {down!r}\n\n\n"
            f"def upgrade():\n{upgrade}\n\ndef downgrade():\n{downgrade}\n"
        )
        return file

    return write


@pytest.fixture
def migrations(tmp_path: Path, write_revision: WriteRevision) -> Path:
    """0001 makes songs, 0002 moves their artists into a table of their own, 0003 adds to it."""
    write_revision("0001", None, FIRST, '    op.drop_table("songs")')
    write_revision("0002", "0001", MOVES_DATA, MOVES_BACK)
    drop = '    op.drop_index("by_artist")\n    op.drop_column("songs", "length")'
    write_revision("0003", "0002", ADDS, drop)
    return tmp_path / "migrations"
