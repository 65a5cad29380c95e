"""The files that one scraper has still to read, loaded page by page, so that no scan holds a list of all files."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from viewra.db.tables import directories, file_metadata, media_files
from viewra.db.transactions import reading
from viewra.library.libraries import Scope
from viewra.library.paths import join
from viewra.services import ScraperSession


class WantedFile(NamedTuple):
    """One file to read."""

    id: int
    path: str
    mime_type: str


class Unread:
    """The files of a scope that one scraper reads and has not read with its present code, in the order of their ids."""

    def __init__(
        self,
        engine: sa.Engine,
        scope: Scope,
        session: ScraperSession,
        types: Collection[str],
        *,
        only_failed: bool = False,
    ) -> None:
        """``types`` are the MIME types in the scope; it may grow during the scan.

        ``only_failed``: only the files at which the plugin failed before.
        """
        self._engine = engine
        self._scope = scope
        self._session = session
        self._types = types
        self._status = file_metadata.c.status == "error" if only_failed else sa.true()

    def page(self, after: int, limit: int) -> list[WantedFile]:
        """At most ``limit`` files with ids above ``after``."""
        columns = (media_files.c.id, directories.c.path, media_files.c.name, media_files.c.mime_type)
        wanted = self._unread(sa.select(*columns)).where(media_files.c.id > after)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(media_files.c.id).limit(limit)).all()
        return [WantedFile(row.id, os.fsdecode(join(row.path, row.name)), row.mime_type) for row in rows]

    def ids(self) -> list[int]:
        """The ids of all unread files."""
        with reading(self._engine) as connection:
            return list(connection.execute(self._unread(sa.select(media_files.c.id))).scalars())

    def count(self) -> int:
        """The number of unread files."""
        with reading(self._engine) as connection:
            count: int = connection.execute(self._unread(sa.select(sa.func.count(media_files.c.id)))).scalar_one()
        return count

    def _unread(self, select: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
        session = self._session
        ours = sa.and_(
            file_metadata.c.media_file_id == media_files.c.id, file_metadata.c.plugin_id == session.plugin_id
        )
        unread = select.join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
        unread = unread.outerjoin(file_metadata, ours)
        return unread.where(
            media_files.c.library_id == self._scope.library_id,
            self._status,
            self._scope.directories(),
            media_files.c.missing_since.is_(None),
            media_files.c.mime_type.in_([kind for kind in self._types if session.wants(kind)]),
            sa.or_(file_metadata.c.code_hash.is_(None), file_metadata.c.code_hash != session.code_hash),
        )
