"""A store of assets in SQLite and, where there is one, in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from viewra.assets import AssetStore
from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import writing

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def add_file(engine: sa.Engine, name: str = "a.flac", mime_type: str = "audio/flac") -> int:
    """Have a file in the library, whose only folder is /music; returns its id."""
    with writing(engine) as connection:
        library_id = connection.execute(sa.select(libraries.c.id)).scalar()
        if library_id is None:
            library = {"path": b"/music", "path_text": "/music", "created_at": 0}
            library_id = connection.execute(sa.insert(libraries).values(library).returning(libraries.c.id)).scalar_one()
            folder = {"library_id": library_id, "path": b"/music", "last_seen_job": 0}
            connection.execute(sa.insert(directories).values(folder))
        folder_id = connection.execute(sa.select(directories.c.id)).scalar_one()
        row: dict[str, object] = dict.fromkeys(("size", "mtime_ns", "device", "inode", "added_at"), 1)
        row |= {"name": name.encode(), "path_text": name, "mime_type": mime_type, "event_due": False}
        row |= {"library_id": library_id, "directory_id": folder_id}
        added = connection.execute(sa.insert(media_files).values(row).returning(media_files.c.id))
        return int(added.scalar_one())


class Clock:
    """Seconds since the epoch, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: sa.Engine, tmp_path: Path, clock: Clock) -> AssetStore:
    return AssetStore(engine, tmp_path / "assets", now=clock)
