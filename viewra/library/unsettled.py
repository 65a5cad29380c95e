"""What a scan must know of files as they were before it, kept until its walk is compared with them to the end.

A scan that follows an interrupted one continues with it. Otherwise it would take half of an exchange of names for how
things were.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.db.transactions import reading, writing
from viewra.db.unsettled_tables import unsettled_files, unsettled_scans
from viewra.library.scope import Scope

_COLUMNS = ("media_file_id", "device", "inode", "fingerprint")
_files = unsettled_files.c


class Before:
    """What files were before this scan, or before interrupted ones, for those that have another device or inode now.

    Files with ids above ``newest_id`` were found since. ``is_continued``: an earlier scan was interrupted.
    """

    def __init__(self, engine: sa.Engine, scope: Scope, newest_id: int) -> None:
        """``newest_id``: the newest file when this scan began."""
        self._engine = engine
        self._scope = scope
        self.ids = array("q")  # a disk may have got another number: 8 bytes for each of its files
        with reading(engine) as connection:
            stored = sa.select(unsettled_scans.c.newest_id).where(unsettled_scans.c.library_id == scope.library_id)
            newest = connection.execute(stored).scalar()
            if newest is not None:
                self.ids.extend(connection.execute(sa.select(_files.media_file_id).where(self._ours())).scalars())
        self.is_continued = newest is not None
        self.newest_id: int = newest_id if newest is None else newest
        self._is_stored = self.is_continued

    def add(self, file_id: int) -> None:
        """It has another device or inode now."""
        self.ids.append(file_id)

    def of(self, connection: sa.Connection, file_id: int) -> Any:
        """What it was: ``device``, ``inode`` and ``fingerprint``; None: it has its inode still."""
        return connection.execute(sa.select(unsettled_files).where(_files.media_file_id == file_id)).one_or_none()

    def keep(self, connection: sa.Connection, file_ids: Collection[int]) -> None:
        """Store what files are whose rows are about to change; called in the transaction of each change."""
        if not self._is_stored:
            marked = {"library_id": self._scope.library_id, "newest_id": self.newest_id}
            connection.execute(sa.insert(unsettled_scans).values(marked))
            self._is_stored = True
        if file_ids:
            table = media_files.c
            now = sa.select(table.id, table.device, table.inode, table.fingerprint).where(table.id.in_(file_ids))
            now = now.where(~sa.exists().where(_files.media_file_id == table.id))
            connection.execute(sa.insert(unsettled_files).from_select(_COLUMNS, now))

    def settle(self) -> None:
        """Forget what is stored, at the end: a scan of a part does not settle what an interrupted one of more left."""
        if not self._is_stored or (self.is_continued and not self._scope.is_whole):
            return
        with writing(self._engine) as connection:
            connection.execute(sa.delete(unsettled_files).where(self._ours()))
            ours = unsettled_scans.c.library_id == self._scope.library_id
            connection.execute(sa.delete(unsettled_scans).where(ours))

    def _ours(self) -> sa.ColumnElement[bool]:
        """The rows of this library; there are few or none, so the rows of its files are not gone through."""
        ours = media_files.c.library_id == self._scope.library_id
        return sa.exists().where(media_files.c.id == _files.media_file_id, ours)


def forget(connection: sa.Connection, file_ids: Collection[int]) -> None:
    """Delete what is stored of files that are again what they were."""
    connection.execute(sa.delete(unsettled_files).where(_files.media_file_id.in_(file_ids)))
