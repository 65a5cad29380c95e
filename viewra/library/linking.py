"""Finds paths that lead to one file, by hard or symbolic links, so that the library stores it once.

A file keeps the path under which it was first found; of several found at once, a real path takes precedence over a
link.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import media_files, other_paths
from viewra.db.transactions import reading, writing
from viewra.library import displaced
from viewra.library import other_paths as others
from viewra.library.arrivals import NewFile
from viewra.library.found import FoundFile, look_at_file
from viewra.library.other_paths import identity_at, identity_of
from viewra.library.paths import join
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.library.unsettled import Before
from viewra.library.walk import Place

ROWS_A_TRANSACTION = 500


class Linker:
    """The files with several paths in one scan; most are decided after the walk."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int, tally: Tally, before: Before) -> None:
        """``before`` collects what files were."""
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._before = before
        self._later: list[tuple[Place, FoundFile]] = []
        self._suspects = array("q")
        self._rechecked = 0

    def put_off(self, place: Place, found: FoundFile) -> None:
        """Decide about a path after the walk: it may be another path of a file that the walk has yet to find."""
        self._later.append((place, found))

    def put_off_till_now(self) -> list[tuple[Place, FoundFile]]:
        """The deferred paths."""
        later, self._later = self._later, []
        return later

    def note_change(self, row: Any, found: FoundFile) -> None:
        """A known file is not quite what it was."""
        if (row.device, row.inode) != identity_of(found):
            self._before.add(row.id)
        if found.may_have_other_names:
            self._suspects.append(row.id)

    def split(self, files: Sequence[NewFile], *, put_off: bool) -> tuple[list[NewFile], list[tuple[int, NewFile]]]:
        """Separate new files from further paths of a file with this id.

        ``put_off``: of several new paths to one file all but the first are deferred.
        """
        shared = {identity_of(new.found) for new in files if new.found.may_have_other_names}
        if not shared:
            return list(files), []
        with reading(self._engine) as connection:
            found = others.same_files(connection, self._scope.library_id, shared)
            known = {identity: rows[0].id for identity, rows in found.items()}
            # Its own path may have been renamed: then only by another one it is known what file this is.
            known |= others.by_other_paths(connection, self._scope.library_id, shared - known.keys())
        own: list[NewFile] = []
        linked: list[tuple[int, NewFile]] = []
        met = set()
        for new in files:
            identity = identity_of(new.found)
            if identity not in shared:
                own.append(new)
            elif identity in known:
                linked.append((known[identity], new))
            elif put_off and identity in met:
                self.put_off(new.place, new.found)
            else:
                met.add(identity)
                own.append(new)
        return own, linked

    def recheck(self) -> Iterator[bool]:
        """Look whether files that were replaced are what their other paths lead to; gives True after each commit."""
        for ids in _parts(self._before.ids, self._rechecked):
            with writing(self._engine) as connection:
                self._recheck(connection, ids)
            yield True
        self._rechecked = len(self._before.ids)

    def _recheck(self, connection: sa.Connection, file_ids: Collection[int]) -> None:
        found = others.of_files(connection, file_ids)
        if not found:
            return
        table = media_files.c
        rows = connection.execute(sa.select(table.id, table.device, table.inode).where(table.id.in_(found)))
        identities = {row.id: (row.device, row.inode) for row in rows}
        for file_id, paths in found.items():
            for row in paths:
                path = join(row.path, row.name)
                if identity_at(path) == identities.get(file_id):
                    continue
                others.forget(connection, [(row.directory_id, row.name)])
                now = look_at_file(path)
                if now is not None:
                    self.put_off(Place(row.path), now)

    def suspect(self, file_ids: Iterable[int]) -> None:
        """These may have become links to others."""
        self._suspects.extend(file_ids)

    def merge(self) -> Iterator[bool]:
        """Merge files that have become links to each other; yields True after each commit."""
        if self._before.is_continued:
            self._suspect_those_that_share(sa.true())
        else:  # a file may have taken the place of one that symbolic links lead to, which were not looked at
            inode = media_files.c.inode
            for ids in _parts(self._before.ids):
                now = sa.select(inode).where(media_files.c.id.in_(ids))
                self._suspect_those_that_share(inode.in_(now))
        for ids in _parts(self._suspects):
            with writing(self._engine) as connection:
                table = media_files.c
                rows = connection.execute(sa.select(table.device, table.inode).where(table.id.in_(ids)))
                identities = {(row.device, row.inode) for row in rows}
                for same in others.same_files(connection, self._scope.library_id, identities).values():
                    if len(same) > 1:
                        self._merge(connection, same)
            yield True

    def _suspect_those_that_share(self, among: sa.ColumnElement[bool]) -> None:
        """Suspect one file for each device and inode that several files have."""
        table = media_files.c
        first = sa.select(sa.func.min(table.id)).where(
            table.library_id == self._scope.library_id, table.missing_since.is_(None), among
        )
        shared = first.group_by(table.device, table.inode).having(sa.func.count() > 1)
        with reading(self._engine) as connection:
            self._suspects.extend(connection.execute(shared).scalars())

    def _merge(self, connection: sa.Connection, rows: Sequence[Any]) -> None:
        """Keep one of the rows of one file: the real path of them, the id that was known before this scan."""
        order = {row.id: (_is_link(join(row.path, row.name)), row.id) for row in rows}
        place = min(rows, key=lambda row: order[row.id])
        kept = min(rows, key=lambda row: (row.id > self._before.newest_id, order[row.id]))
        dropped = [row.id for row in rows if row.id not in {kept.id, place.id}]
        theirs = sa.update(other_paths).where(other_paths.c.media_file_id.in_(dropped))
        connection.execute(theirs.values(media_file_id=kept.id))
        displaced.drop(connection, self._scope, self._job_id, dropped)
        if kept.id != place.id:  # it was moved, and a link to it is where it was
            displaced.shift(connection, self._scope, self._job_id, [kept.id, place.id])
            counts = self._tally.counts
            counts.new -= 1
            counts.moved += 1
            counts.seen -= 1  # it was by both paths
            counts.unchanged -= counts.unchanged > 0
        links = [(kept.id, row.directory_id, row.name) for row in rows if row.id != place.id]
        others.add(connection, links)


def _parts(ids: array[int], first: int = 0) -> Iterator[list[int]]:
    for start in range(first, len(ids), ROWS_A_TRANSACTION):
        yield ids[start : start + ROWS_A_TRANSACTION].tolist()


def _is_link(path: bytes) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return True
