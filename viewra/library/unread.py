"""The files that one scraper has still to read, loaded page by page, so that no scan holds a list of all files."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from viewra.db.tables import directories, file_metadata, media_files
from viewra.db.transactions import reading
from viewra.library.paths import join
from viewra.library.scope import Scope
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
        self._page: tuple[list[str], sa.Select[int, bytes, bytes, str]] | None = None
        self._status = file_metadata.c.status == "error" if only_failed else sa.true()

    def page(self, after: int, limit: int) -> list[WantedFile]:
        """At most ``limit`` files with ids above ``after``."""
        kinds = self._wanted_types()
        if self._page is None or self._page[0] != kinds:
            self._page = (kinds, self._select_page(kinds))
        with reading(self._engine) as connection:
            rows = connection.execute(self._page[1], {"after": after, "most": limit}).all()
        return [
            WantedFile(file_id, os.fsdecode(join(folder, name)), mime_type) for file_id, folder, name, mime_type in rows
        ]

    def ids(self) -> list[int]:
        """The ids of all unread files."""
        with reading(self._engine) as connection:
            return list(connection.execute(self._unread(sa.select(media_files.c.id), self._wanted_types())).scalars())

    def count(self) -> int:
        """The number of unread files."""
        with reading(self._engine) as connection:
            counted = self._unread(sa.select(sa.func.count(media_files.c.id)), self._wanted_types())
            count: int = connection.execute(counted).scalar_one()
        return count

    def _select_page(self, kinds: Collection[str]) -> sa.Select[int, bytes, bytes, str]:
        """Make the statement for a page: the same one for most pages, as making it takes as long as a short page."""
        columns = (media_files.c.id, directories.c.path, media_files.c.name, media_files.c.mime_type)
        wanted = self._unread(sa.select(*columns), kinds).where(media_files.c.id > sa.bindparam("after"))
        return wanted.order_by(media_files.c.id).limit(sa.bindparam("most", type_=sa.Integer))

    def _wanted_types(self) -> list[str]:
        return sorted(kind for kind in self._types if self._session.wants(kind))

    def _unread(self, select: sa.Select[*tuple[Any, ...]], kinds: Collection[str]) -> sa.Select[*tuple[Any, ...]]:
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
            media_files.c.mime_type.in_(kinds),
            sa.or_(file_metadata.c.code_hash.is_(None), file_metadata.c.code_hash != session.code_hash),
        )
