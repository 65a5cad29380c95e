"""Further paths of a file: hard and symbolic links in the same library."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, media_files, other_paths
from viewra.library.found import FoundFile, signed
from viewra.library.paths import join

Identity = tuple[int, int]
"""Device and inode."""


def add(connection: sa.Connection, found: Sequence[tuple[int, int, bytes]]) -> None:
    """Store further paths: the file's id, the directory's id, and the name in it."""
    forget(connection, [(directory_id, name) for _, directory_id, name in found])
    rows = [
        {"media_file_id": file_id, "directory_id": directory_id, "name": name} for file_id, directory_id, name in found
    ]
    insert_rows(connection, other_paths, rows)


def forget(connection: sa.Connection, places: Iterable[tuple[int, bytes]]) -> None:
    """Delete the paths at these directories and names, if they are further paths."""
    by_directory: dict[int, list[bytes]] = defaultdict(list)
    for directory_id, name in places:
        by_directory[directory_id].append(name)
    if not by_directory or not _any(connection):
        return
    for directory_id, names in by_directory.items():
        here = sa.and_(other_paths.c.directory_id == directory_id, other_paths.c.name.in_(names))
        connection.execute(sa.delete(other_paths).where(here))


def in_directories(connection: sa.Connection, directory_ids: Collection[int]) -> dict[int, dict[bytes, Any]]:
    """Further paths by directory and name, with their file's id, device, inode and ``missing_since``."""
    found: dict[int, dict[bytes, Any]] = defaultdict(dict)
    table = media_files.c
    columns = (other_paths.c.directory_id, other_paths.c.name, table.id, table.device, table.inode, table.missing_since)
    select = sa.select(*columns).join_from(other_paths, media_files, table.id == other_paths.c.media_file_id)
    for row in connection.execute(select.where(other_paths.c.directory_id.in_(directory_ids))):
        found[row.directory_id][row.name] = row
    return found


def of_files(connection: sa.Connection, file_ids: Collection[int]) -> dict[int, list[Any]]:
    """Further paths of files by id; each row has ``directory_id``, ``path``, ``name`` and ``last_seen_job``."""
    found: dict[int, list[Any]] = defaultdict(list)
    table = other_paths.c
    columns = (table.media_file_id, table.directory_id, table.name, directories.c.path, directories.c.last_seen_job)
    select = sa.select(*columns).join_from(other_paths, directories, directories.c.id == table.directory_id)
    select = select.where(table.media_file_id.in_(file_ids)).order_by(directories.c.path, table.name)
    for row in connection.execute(select):
        found[row.media_file_id].append(row)
    return found


def own_paths(connection: sa.Connection, file_ids: Collection[int]) -> dict[int, bytes]:
    """The path of each of these files."""
    columns = (media_files.c.id, media_files.c.name, directories.c.path)
    select = sa.select(*columns).join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    rows = connection.execute(select.where(media_files.c.id.in_(file_ids)).order_by(media_files.c.id))
    return {row.id: join(row.path, row.name) for row in rows}


def same_files(connection: sa.Connection, library_id: int, identities: Collection[Identity]) -> Mapping[Identity, Any]:
    """A library's present files with these devices and inodes: rows by both, the oldest file first."""
    found: dict[Identity, list[Any]] = defaultdict(list)
    table = media_files.c
    columns = (table.id, table.device, table.inode, table.fingerprint, table.name, table.directory_id)
    select = sa.select(*columns, directories.c.path)
    select = select.join_from(media_files, directories, table.directory_id == directories.c.id)
    select = select.where(table.library_id == library_id, table.inode.in_({inode for _, inode in identities}))
    for row in connection.execute(select.where(table.missing_since.is_(None)).order_by(table.id)):
        if (row.device, row.inode) in identities and identity_at(join(row.path, row.name)) == (row.device, row.inode):
            found[row.device, row.inode].append(row)
    return found


def by_other_paths(connection: sa.Connection, library_id: int, identities: Collection[Identity]) -> dict[Identity, int]:
    """As ``same_files``, but those that another path than their own still leads to: their ids."""
    table = media_files.c
    columns = (table.id, table.device, table.inode, other_paths.c.name, directories.c.path)
    select = sa.select(*columns).join_from(other_paths, media_files, table.id == other_paths.c.media_file_id)
    select = select.join(directories, directories.c.id == other_paths.c.directory_id)
    select = select.where(table.library_id == library_id, table.inode.in_({inode for _, inode in identities}))
    return {
        (row.device, row.inode): row.id
        for row in connection.execute(select.where(table.missing_since.is_(None)).order_by(table.id.desc()))
        if (row.device, row.inode) in identities and identity_at(join(row.path, row.name)) == (row.device, row.inode)
    }


def identity_at(path: bytes) -> Identity | None:
    """Device and inode of a path's target; None if it cannot be examined."""
    try:
        info = os.stat(path)  # noqa: PTH116  (bytes)
    except OSError:
        return None
    return signed(info.st_dev), signed(info.st_ino)


def identity_of(found: FoundFile) -> Identity:
    """Device and inode of a file that a walk found."""
    return found.device, found.inode


def _any(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(other_paths.c.name).limit(1)).first() is not None
