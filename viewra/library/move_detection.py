"""Finds the known file that a new path is: moved in its file system, or copied and removed with its times kept."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading
from viewra.library.paths import join

if TYPE_CHECKING:
    from viewra.library.filerows import NewFile

MAX_LOOKED_AT = 32
"""How many known files with the same inode or content are looked for on the disk, for one new file."""


class MoveFinder:
    """Knows the files that were in a library before the scan began; only they can have moved."""

    def __init__(self, engine: sa.Engine, library_id: int) -> None:
        self._engine = engine
        self._library_id = library_id
        with reading(engine) as connection:
            newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(media_files.c.id), 0))).scalar_one()
        self.newest_id: int = newest

    def find(self, files: Sequence[NewFile]) -> list[tuple[int, NewFile]]:
        """The new files that are known ones, with the id of each.

        Known by device and inode, else by the fingerprint; size and mtime the same either way, and nothing left at the
        known path.
        """
        if not files or not self.newest_id:
            return []
        taken: set[int] = set()
        moved, others = [], []
        by_inode = self._candidates(media_files.c.inode, {new.found.inode for new in files}, files)
        for new in files:
            row = _pick(new, [row for row in by_inode[new.found.inode] if row.device == new.found.device], taken)
            if row is not None:
                moved.append((row.id, new))
            elif new.fingerprint is not None:
                others.append(new)
        by_print = self._candidates(media_files.c.fingerprint, {new.fingerprint for new in others}, others)
        for new in others:
            row = _pick(new, by_print[new.fingerprint], taken)
            if row is not None:
                moved.append((row.id, new))
        return moved

    def _candidates(
        self, column: sa.Column[Any], values: Collection[object], files: Sequence[NewFile]
    ) -> dict[object, list[Any]]:
        """Known files by the value of a column; only those with the time of some of ``files``."""
        table = media_files.c
        select = sa.select(
            table.id, table.name, table.size, table.mtime_ns, table.device, directories.c.path, column.label("key")
        )
        select = select.join_from(media_files, directories, table.directory_id == directories.c.id)
        select = select.where(column.in_(values), table.library_id == self._library_id, table.id <= self.newest_id)
        # In SQL already: thousands of copies of one file are thousands of candidates for each of them.
        select = select.where(table.mtime_ns.in_({new.found.mtime_ns for new in files}))
        found: dict[object, list[Any]] = defaultdict(list)
        if values:
            with reading(self._engine) as connection:
                for row in connection.execute(select.order_by(table.id)):
                    found[row.key].append(row)
        return found


def _pick(new: NewFile, rows: Sequence[Any], taken: set[int]) -> Any:
    """The row that the file is, added to ``taken``; one of the same name is preferred."""
    fitting = [
        row for row in rows if row.id not in taken and (row.size, row.mtime_ns) == (new.found.size, new.found.mtime_ns)
    ]
    fitting.sort(key=lambda row: row.name != new.found.name)
    picked = next((row for row in fitting[:MAX_LOOKED_AT] if _is_gone(join(row.path, row.name))), None)
    if picked is not None:
        taken.add(picked.id)
    return picked


def _is_gone(path: bytes) -> bool:
    """Whether nothing is there any more; a place that cannot be looked at counts as still holding its file."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
