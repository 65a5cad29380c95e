"""Loads the rows of the directories that a scan compares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.library import other_paths
from viewra.library.walk import FoundDirectory

_table = media_files.c
_COLUMNS = (
    _table.id,
    _table.directory_id,
    _table.name,
    *(_table[name] for name in ("size", "mtime_ns", "ctime_ns", "device", "inode")),  # EVIDENCE
    _table.mime_type,
    _table.fingerprint,
    _table.missing_since,
)
KNOWN_EVIDENCE = slice(3, 8)
KNOWN_REST = slice(8, 11)


class KnownPart:
    """The database's rows for a few directories."""

    def __init__(self, connection: sa.Connection, paths: Sequence[bytes]) -> None:
        columns = (directories.c.id, directories.c.path, directories.c.device, directories.c.mount)
        found = connection.execute(sa.select(*columns).where(directories.c.path.in_(paths))).all()
        self.directories = {row.path: row for row in found}
        self.ids: dict[bytes, int] = {row.path: row.id for row in found}
        self.files: dict[int | None, dict[bytes, Any]] = {row.id: {} for row in found}
        self.links: Mapping[int, dict[bytes, Any]] = {}
        if found:
            ids = list(self.ids.values())
            for row in connection.execute(sa.select(*_COLUMNS).where(_table.directory_id.in_(ids))).all():
                self.files[row[1]][row[2]] = row
            self.links = other_paths.in_directories(connection, ids)

    def differs(self, directory: FoundDirectory) -> bool:
        """Whether a known directory's device or mount point has changed."""
        row = self.directories.get(directory.path)
        place = (directory.device, directory.mount)
        return row is not None and directory.mount is not None and (row.device, row.mount) != place

    @staticmethod
    def ids_of(connection: sa.Connection, paths: Collection[bytes]) -> dict[bytes, int]:
        """The ids of directories by path."""
        found = sa.select(directories.c.path, directories.c.id).where(directories.c.path.in_(paths))
        return {row.path: row.id for row in connection.execute(found)}
