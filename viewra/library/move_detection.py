"""Finds the known file of a new path: moved in its file system, or copied and removed with its times kept.

Each known file is looked for on the disk at most twice per scan, so that thousands of files with the same content cost
as much as thousands of different ones.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict, deque
from collections.abc import Collection, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files, other_paths
from viewra.db.transactions import reading
from viewra.library import other_paths as others
from viewra.library.arrivals import Move, NewFile
from viewra.library.found import signed
from viewra.library.mounts import Mounts
from viewra.library.paths import below, is_within, join, plain

FILES_BETWEEN_PAUSES = 32

_COLUMNS = (
    media_files.c.id,
    media_files.c.name,
    media_files.c.size,
    media_files.c.mtime_ns,
    media_files.c.device,
    media_files.c.inode,
    media_files.c.fingerprint,
    media_files.c.mime_type,
    media_files.c.missing_since,
    directories.c.path,
    directories.c.mount,
    sa.exists().where(other_paths.c.media_file_id == media_files.c.id).label("has_other_paths"),
)


class MoveFinder:
    """The files that were in a library before the scan; only they can have moved."""

    def __init__(self, engine: sa.Engine, library_id: int, mounts: Mounts) -> None:
        self._engine = engine
        self._library_id = library_id
        self._mounts = mounts
        self._by_content: dict[tuple[object, int], _Group] = {}
        self.moved: set[int] = set()
        self.links: list[int] = []
        """Known files that are symbolic links to new ones."""
        with reading(engine) as connection:
            newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(media_files.c.id), 0))).scalar_one()
        self.newest_id: int = newest

    def find(self, files: Sequence[NewFile]) -> Generator[bool, None, list[Move]]:
        """Find the new files that are known ones; yields False now and then, when the caller may stop.

        Known by device and inode, else by the fingerprint; size and mtime the same either way, and nothing left at the
        known path. Files of a disk that is not where it was mounted are those of one that is mounted elsewhere.
        """
        if not files or not self.newest_id:
            return []
        by_inode: dict[object, _Group] = defaultdict(_Group)
        lost: dict[object, _Group] = defaultdict(_Group)  # a disk that is mounted again may have another number
        for row in self._rows(media_files.c.inode, {new.found.inode for new in files}, files):
            by_inode[row.device, row.inode, row.size, row.mtime_ns].add(row)
            if self._mounts.is_lost(row.mount, None):
                lost[row.inode, row.size, row.mtime_ns].add(row)
        moves: list[Move] = []
        rest: list[NewFile] = []
        for count, new in enumerate(files, 1):
            if count % FILES_BETWEEN_PAUSES == 0:
                yield False
            found = new.found
            same = (found.inode, found.size, found.mtime_ns)
            taken = self._take(by_inode.get((found.device, *same)), new, moves) or self._take(
                lost.get(same), new, moves
            )
            if not taken and new.fingerprint is not None:
                rest.append(new)
        self._load(rest)
        for count, new in enumerate(rest, 1):
            if count % FILES_BETWEEN_PAUSES == 0:
                yield False
            self._take(self._by_content.get((new.fingerprint, new.found.mtime_ns)), new, moves)
        return moves

    def _take(self, group: _Group | None, new: NewFile, moves: list[Move]) -> bool:
        """Match the new file with a file of the group, if there is one."""
        if group is None:
            return False
        for row in group.candidates(new.found.name):
            if row.id not in self.moved and self._is_gone(row, new) and not self._is_elsewhere(row, new):
                self.moved.add(row.id)
                was_missing, is_edited = row.missing_since is not None, row.fingerprint != new.fingerprint
                moves.append(Move(row.id, new, join(row.path, row.name), row.mime_type, was_missing, is_edited))
                return True
        return False

    def _load(self, files: Iterable[NewFile]) -> None:
        """Load known files by content, except those already loaded in this scan."""
        wanted = {(new.fingerprint, new.found.mtime_ns): new for new in files}
        fresh = {key: new for key, new in wanted.items() if key not in self._by_content}
        for row in self._rows(media_files.c.fingerprint, {key for key, _ in fresh}, fresh.values()):
            if (row.fingerprint, row.mtime_ns) in fresh:
                self._by_content.setdefault((row.fingerprint, row.mtime_ns), _Group()).add(row)

    def _rows(self, column: sa.Column[Any], values: Collection[object], files: Collection[NewFile]) -> list[Any]:
        """Known files by the values of a column, with the times of some of ``files``."""
        if not values:
            return []
        table = media_files.c
        select = sa.select(*_COLUMNS).join_from(media_files, directories, table.directory_id == directories.c.id)
        select = select.where(column.in_(values), table.library_id == self._library_id, table.id <= self.newest_id)
        select = select.where(table.mtime_ns.in_({new.found.mtime_ns for new in files}))
        with reading(self._engine) as connection:
            return list(connection.execute(select.order_by(table.id)).all())

    def _is_elsewhere(self, row: Any, new: NewFile) -> bool:
        """Whether another path still leads to the known file, so that the new one is a copy of it."""
        identity = (row.device, row.inode)
        if not row.has_other_paths or identity == (new.found.device, new.found.inode):
            return False
        with reading(self._engine) as connection:
            paths = others.of_files(connection, [row.id])[row.id]
        return any(others.identity_at(join(path.path, path.name)) == identity for path in paths)

    def _is_gone(self, row: Any, new: NewFile) -> bool:
        """Whether nothing is at the known path any more; what cannot be looked at counts as still holding its file."""
        path = join(row.path, row.name)
        if self._mounts.is_lost(row.mount, None):
            return _is_remounted(row, path, new)
        try:
            info = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        if stat.S_ISLNK(info.st_mode) and others.identity_at(path) == others.identity_of(new.found):
            self.links.append(row.id)
        if (signed(info.st_ino), info.st_nlink) != (new.found.inode, 1):
            return False
        # It is the new file: by a link that was left in place of a folder, or, on file systems where "a.mp3" also finds
        # "A.mp3", by a name whose case changed.
        return plain(path) == plain(new.path) or (_linked(path, new.path) and not _linked(new.path, path))


def _linked(path: bytes, other: bytes) -> bool:
    """Whether a folder on the way to ``path``, but not to ``other``, is a symbolic link."""
    shared = os.fsdecode(os.path.commonpath([path, other]))
    folders = Path(os.fsdecode(path)).parents
    return any(folder.is_symlink() for folder in folders if len(str(folder)) > len(shared))


def _is_remounted(row: Any, path: bytes, new: NewFile) -> bool:
    """Whether the disk that the file at ``path`` was on is mounted elsewhere now, and the new file is it.

    Its inode tells, or, as some file systems number theirs anew at each mount, where it is below the mount point.
    """
    before, now = row.mount, new.place.mount
    if now in {None, before} or new.fingerprint is None or new.fingerprint != row.fingerprint:
        return False
    if row.inode == new.found.inode:
        return True
    return is_within(path, before) and is_within(new.path, now) and below(path, before) == below(new.path, now)


class _Group:
    """Known files with equal properties; each is returned once, those with the wanted name first."""

    def __init__(self) -> None:
        self._rows: deque[Any] = deque()
        self._by_name: dict[bytes, deque[Any]] = defaultdict(deque)

    def add(self, row: Any) -> None:
        self._rows.append(row)
        self._by_name[row.name].append(row)

    def candidates(self, name: bytes) -> Iterable[Any]:
        """Rows that were not returned before, or only for their own name."""
        named = self._by_name.get(name, deque())
        while named:
            yield named.popleft()
        while self._rows:
            yield self._rows.popleft()
