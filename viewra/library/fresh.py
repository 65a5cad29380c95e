"""Hands the files that a scan adds to its scrapers: loads each once for all of them, and no file from before."""

from __future__ import annotations

import os
from collections.abc import Sequence

import sqlalchemy as sa

from viewra.db.tables import directories, media_files
from viewra.db.transactions import reading
from viewra.library.paths import join
from viewra.library.scrape import PAGE, Scraper
from viewra.library.unread import WantedFile

_PAGE = (
    sa.select(media_files.c.id, directories.c.path, media_files.c.name, media_files.c.mime_type)
    .join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    .where(
        media_files.c.library_id == sa.bindparam("library"),
        media_files.c.id > sa.bindparam("after"),
        media_files.c.missing_since.is_(None),
    )
    .order_by(media_files.c.id)
    .limit(PAGE)
)


class Fresh:
    """The files of a library with ids above ``newest_id``, the newest one before its scan."""

    def __init__(self, engine: sa.Engine, library_id: int, newest_id: int) -> None:
        self._engine = engine
        self._library_id = library_id
        self._after = newest_id

    def offer(self, scrapers: Sequence[Scraper], found: int) -> None:
        """Offer the scrapers what was added since the last time; ``found`` files in all may be unread by them.

        Raises ``DatabaseError``.
        """
        for scraper in scrapers:
            scraper.expect(found)
        while scrapers:
            files = self._page()
            if files:
                self._after = files[-1].id
                for scraper in scrapers:
                    scraper.offer(files)
            if len(files) < PAGE:
                return

    def _page(self) -> list[WantedFile]:
        with reading(self._engine) as connection:
            rows = connection.execute(_PAGE, {"library": self._library_id, "after": self._after}).all()
        return [WantedFile(file_id, os.fsdecode(join(folder, name)), kind) for file_id, folder, name, kind in rows]
