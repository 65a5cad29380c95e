"""Deletes the files that are on the disk no more, at the end of the walk: until then each may turn up elsewhere."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import writing
from viewra.library import fulltext
from viewra.library.libraries import Scope
from viewra.library.paths import folder_of
from viewra.library.report import Tally

ROWS_A_TRANSACTION = 500


class Deletions:
    """What the walk of one scan missed. Below a folder that could not be read nothing is taken for gone."""

    def __init__(self, engine: sa.Engine, scope: Scope, job_id: int, tally: Tally) -> None:
        self._engine = engine
        self._scope = scope
        self._job_id = job_id
        self._tally = tally
        self._protected: set[bytes] = set()
        # 16 bytes a file: a whole library may have been renamed.
        self._files = array("q")
        self._directories = array("q")

    def protect(self, path: bytes) -> None:
        """Nothing can be said of what is at ``path`` or below."""
        self._protected.add(path)

    def is_protected(self, path: bytes) -> bool:
        """Whether it, or a folder above it, is protected."""
        while self._protected and path not in self._protected:
            above = folder_of(path)
            if above == path:
                return False
            path = above
        return bool(self._protected)

    def note(self, file_id: int, directory_id: int) -> None:
        """A file is not where it was, in a directory that was listed to its end."""
        self._files.append(file_id)
        self._directories.append(directory_id)

    def delete(self) -> Iterator[bool]:
        """Delete what did not turn up elsewhere; gives True after each commit. Raises ``DatabaseError``."""
        for start in range(0, len(self._files), ROWS_A_TRANSACTION):
            part = slice(start, start + ROWS_A_TRANSACTION)
            places = set(zip(self._files[part], self._directories[part], strict=True))
            files = sa.select(media_files.c.id, media_files.c.directory_id)
            with writing(self._engine) as connection:
                rows = connection.execute(files.where(media_files.c.id.in_([file_id for file_id, _ in places])))
                # A file that moved has another directory by now.
                self._delete_files(connection, [row.id for row in rows if (row.id, row.directory_id) in places])
            yield True
        yield from self._delete_unseen_directories()

    def _delete_unseen_directories(self) -> Iterator[bool]:
        unseen = sa.select(directories.c.id, directories.c.path).where(
            self._scope.directories(), directories.c.last_seen_job != self._job_id
        )
        after = 0
        while True:
            page = unseen.where(directories.c.id > after).order_by(directories.c.id).limit(ROWS_A_TRANSACTION)
            with writing(self._engine) as connection:
                rows = connection.execute(page).all()
                ids = [row.id for row in rows if not self.is_protected(row.path)]
                inside = media_files.c.directory_id.in_(ids)
                fulltext.forget_selected(connection, sa.select(media_files.c.id).where(inside))
                self._tally.counts.deleted += connection.execute(sa.delete(media_files).where(inside)).rowcount
                connection.execute(sa.delete(directories).where(directories.c.id.in_(ids)))
            if not rows:
                return
            after = rows[-1].id
            yield True

    def _delete_files(self, connection: sa.Connection, file_ids: Collection[int]) -> None:
        if file_ids:
            fulltext.forget(connection, file_ids)
            connection.execute(sa.delete(media_files).where(media_files.c.id.in_(file_ids)))
            self._tally.counts.deleted += len(file_ids)
