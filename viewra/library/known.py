"""Loads the rows of the directories that a scan compares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.library import other_paths
from viewra.library.disks import joined, others
from viewra.library.found import FoundFile
from viewra.library.mounts import Mounts
from viewra.library.walk import FoundDirectory, Place

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
Rows = Mapping[tuple[bytes, bytes], Any]
"""Rows of files by their directory and name."""

NO_ROWS: Rows = {}

KNOWN_EVIDENCE = slice(3, 8)
KNOWN_REST = slice(8, 11)


def is_same_link(link: Any, found: FoundFile) -> bool:
    """Whether another path of a file still leads to it."""
    return (link.device, link.inode) == (found.device, found.inode) and link.missing_since is None


class KnownPart:
    """The database's rows for a few directories."""

    def __init__(self, connection: sa.Connection, paths: Sequence[bytes]) -> None:
        columns = [directories.c[name] for name in ("id", "path", "device", "mount", "disks")]
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
        """Whether a known directory's device, mount point or disk has changed."""
        row = self.directories.get(directory.path)
        place = (directory.device, directory.mount, directory.disk)
        return row is not None and directory.mount is not None and (row.device, row.mount, row.disks) != place

    def compare_names(self, directory: FoundDirectory) -> tuple[list[Any], list[Any]]:
        """The files that are said to be in a known directory: those whose names were not found, and the others."""
        there = {found.name for found in directory.files}
        absent: list[Any] = []
        present: list[Any] = []
        for file in self.files[self.ids[directory.path]].values():
            if file.missing_since is None:
                (present if file.name in there else absent).append(file)
        return absent, present

    def is_lost(self, directory: FoundDirectory, mounts: Mounts) -> bool:
        """Whether a directory's known files are absent because their file system is not mounted."""
        row = self.directories.get(directory.path)
        if row is None or not directory.complete or not self.differs(directory):
            return False
        absent, present = self.compare_names(directory)
        if row.mount is not None or not absent:
            return bool(absent) and mounts.is_lost(row.mount, directory.mount)
        # Recorded before mount points were stored: none of the files is here, and they were on another device.
        return not present and absent[0].device != directory.device

    def other_disks(self, directory: FoundDirectory) -> frozenset[str]:
        """The disks with files in a directory that are absent, as another disk is mounted in their place."""
        row = self.directories.get(directory.path)
        found = others(row.disks, directory.disk) if row is not None else frozenset()
        return found if found and (not directory.complete or self.compare_names(directory)[0]) else frozenset()

    def place_of(self, directory: FoundDirectory, other_disks: frozenset[str]) -> Place:
        """Where a known directory is now; ``other_disks`` also have files in it."""
        if directory.disk is None:
            return directory.place._replace(disks=self.directories[directory.path].disks)
        return directory.place._replace(disks=joined({directory.disk, *other_disks}))

    @staticmethod
    def rows_at(connection: sa.Connection, ids: Mapping[bytes, int], places: Collection[tuple[bytes, bytes]]) -> Rows:
        """The rows at these directories and names; ``ids`` are those of the directories."""
        paths = {number: path for path, number in ids.items()}
        found = sa.select(*_COLUMNS).where(_table.directory_id.in_(paths))
        found = found.where(_table.name.in_({name for _, name in places}))
        rows = {(paths[row.directory_id], row.name): row for row in connection.execute(found)}
        return {place: rows[place] for place in places if place in rows}

    @staticmethod
    def ids_of(connection: sa.Connection, paths: Collection[bytes]) -> dict[bytes, int]:
        """The ids of directories by path."""
        found = sa.select(directories.c.path, directories.c.id).where(directories.c.path.in_(paths))
        return {row.path: row.id for row in connection.execute(found)}
