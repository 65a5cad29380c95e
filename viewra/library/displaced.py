"""Files whose path has become another path of some other known file, as when names go around among links.

Otherwise a path decides which file is found there. So when such a scan has seen all, the displaced file may be found
under a new row, or under that of a file which in turn is found elsewhere: what each was before tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import media_files, other_paths
from viewra.db.transactions import reading, writing
from viewra.library import documents, file_events, outcomes, unsettled
from viewra.library import other_paths as others
from viewra.library.found import FoundFile
from viewra.library.other_paths import Identity, identity_of
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.library.unsettled import Before
from viewra.library.walk import Place
from viewra.types import LibraryEventKind

_table = media_files.c
_PLACE = ("directory_id", "name", "path_text")
_CONTENT = ("size", "mtime_ns", "ctime_ns", "device", "inode", "mime_type", "fingerprint")


@attrs.frozen
class DisplacedFile:
    """A known file, ``row``, at whose place ``found`` is, which is another known one."""

    row: Any
    place: Place
    found: FoundFile


class Displaced:
    """The displaced files of one scan."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int, tally: Tally, before: Before) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._before = before
        self._files: list[DisplacedFile] = []
        self._taken: set[Identity] = set()  # what other files were found to be, which may not be written down yet

    def take(self, row: Any, place: Place, found: FoundFile) -> bool:
        """Put off a known file when what was found at its place is another known one; whether it is."""
        if not found.may_have_other_names:
            return False
        identity = identity_of(found)
        if identity in self._taken or self._is_known(row, found):
            self._files.append(DisplacedFile(row, place, found))
            return True
        self._taken.add(identity)
        return False

    def _is_known(self, row: Any, found: FoundFile) -> bool:
        same = sa.select(_table.id).where(_table.inode == found.inode, _table.device == found.device)
        same = same.where(_table.library_id == self._scope.library_id, _table.id != row.id)
        with reading(self._engine) as connection:
            return connection.execute(same.where(_table.missing_since.is_(None)).limit(1)).first() is not None

    def mistaken(self) -> Iterator[DisplacedFile]:
        """Those at whose place there is no other known file after all; each is to be compared before the next."""
        files, self._files = self._files, []
        for one in files:
            with reading(self._engine) as connection:
                holder = self._holder(connection, identity_of(one.found), {one.row.id})
            if holder is None:
                yield one
            else:
                self._files.append(one)

    def settle(self, mark_absent: Callable[[sa.Connection, int], object]) -> Iterator[bool]:
        """Find the others, and keep their places as other paths; gives True after each commit.

        ``mark_absent`` is called with the id of one that was not found. Only when all else that the walk found is
        written down.
        """
        for one in self._files:
            with writing(self._engine) as connection:
                holder = self._holder(connection, identity_of(one.found), {one.row.id})
                if self._find(connection, one.row):
                    self._tally.counts.new -= 1
                    self._tally.counts.moved += 1
                elif self._is_copy(connection, one.row, holder):
                    drop(connection, self._scope, self._job_id, [one.row.id])
                else:
                    mark_absent(connection, one.row.id)
                holder = self._holder(connection, identity_of(one.found), {one.row.id})
                if holder is not None:
                    others.add(connection, [(holder.id, one.row.directory_id, one.row.name)])
            yield True

    def _holder(self, connection: sa.Connection, identity: Identity, but: set[int]) -> Any:
        """The file that is this now."""
        rows = others.same_files(connection, self._scope.library_id, {identity}).get(identity, [])
        return next((row for row in rows if row.id not in but), None)

    def _find(self, connection: sa.Connection, row: Any) -> bool:
        """Give a displaced file the row that it is found under, and the file of that row the one of its own, and so on.

        Whether the last of them is a row of this scan: else some other file would lose its id.
        """
        chain: list[int] = [row.id]
        was = row
        while was is not None:
            holder = self._holder(connection, (was.device, was.inode), set(chain))
            if holder is None or was.fingerprint is None or holder.fingerprint != was.fingerprint:
                return False  # a new file may have got the inode of one that was removed
            chain.append(holder.id)
            if holder.id > self._before.newest_id:
                shift(connection, self._scope, self._job_id, chain)
                return True
            was = self._before.of(connection, holder.id)
        return False

    def _is_copy(self, connection: sa.Connection, row: Any, holder: Any) -> bool:
        """Whether nothing is lost with it: a copy that was replaced by a link, and has no other path."""
        same = row.fingerprint is not None and holder.fingerprint == row.fingerprint
        return same and not others.of_files(connection, [row.id])


def shift(connection: sa.Connection, scope: Scope, job_id: int, chain: Sequence[int]) -> None:
    """Give each file of a chain of ids the row of the next one; that of the last one goes."""
    columns = [_table[name] for name in ("id", *_PLACE, *_CONTENT)]
    rows = {row.id: row for row in connection.execute(sa.select(*columns).where(_table.id.in_(chain)))}
    paths = others.own_paths(connection, chain)
    pairs = list(pairwise(chain))
    unsettled.forget(connection, chain)
    for file_id, next_id in pairs:
        theirs = sa.update(other_paths).where(other_paths.c.media_file_id == next_id)
        connection.execute(theirs.values(media_file_id=file_id))
    drop(connection, scope, job_id, [chain[-1]])
    for file_id, next_id in reversed(pairs):  # each place is free by then
        old, new = rows[file_id], rows[next_id]
        values = {name: getattr(new, name) for name in (*_PLACE, *_CONTENT)}
        connection.execute(sa.update(media_files).where(_table.id == file_id).values(**values, event_due=True))
        if old.fingerprint != new.fingerprint or new.fingerprint is None:
            outcomes.mark_unread(connection, [file_id])
        if old.mime_type != new.mime_type:
            outcomes.forget(connection, file_id)
        fate = file_events.Fate(LibraryEventKind.MOVED, file_id, paths[next_id], paths[file_id])
        file_events.tell(connection, scope.library_id, [fate], job_id)


def drop(connection: sa.Connection, scope: Scope, job_id: int, file_ids: Sequence[int]) -> None:
    """Forget files that are others of the library."""
    paths = others.own_paths(connection, file_ids)
    fates = [file_events.Fate(LibraryEventKind.PURGED, file_id, path) for file_id, path in paths.items()]
    file_events.tell(connection, scope.library_id, fates, job_id)
    documents.forget(connection, file_ids)
    connection.execute(sa.delete(media_files).where(_table.id.in_(file_ids)))
