"""What a scan adds is handed to its scrapers once, in order, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from viewra.db.tables import directories, libraries, media_files
from viewra.db.transactions import writing
from viewra.library import fresh
from viewra.library.fresh import Fresh
from viewra.library.scrape import Scraper
from viewra.library.unread import WantedFile


class Reader:
    """A scraper that notes what it is offered."""

    def __init__(self) -> None:
        self.expected = 0
        self.pages: list[list[WantedFile]] = []

    def expect(self, found: int) -> None:
        self.expected = found

    def offer(self, files: Sequence[WantedFile]) -> None:
        self.pages.append([*files])

    @property
    def ids(self) -> list[int]:
        return [file.id for page in self.pages for file in page]


def add(engine: sa.Engine, library: int, *ids: int, missing: bool = False) -> None:
    with writing(engine) as connection:
        if connection.execute(sa.select(libraries.c.id).where(libraries.c.id == library)).first() is None:
            root = {"id": library, "path": b"/%d" % library, "path_text": f"/{library}", "created_at": 0}
            connection.execute(sa.insert(libraries).values(root))
            place = {"id": library, "library_id": library, "path": b"/%d/a" % library, "last_seen_job": 0}
            connection.execute(sa.insert(directories).values(place))
        rows = [
            {
                "id": number, "library_id": library, "directory_id": library, "name": b"%d.mp3" % number,
                "path_text": f"/{library}/a/{number}.mp3", "mime_type": "audio/mpeg", "event_due": True,
                "added_at": 0, "size": 1, "mtime_ns": 1, "device": 1, "inode": number,
                "missing_since": 1 if missing else None,
            }
            for number in ids
        ]  # fmt: skip
        connection.execute(sa.insert(media_files), rows)


def test_each_file_that_was_added_is_offered_once(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "PAGE", 3)
    monkeypatch.setattr(fresh, "_PAGE", fresh._PAGE.limit(3))
    add(engine, 1, 1, 2)
    readers = [Reader(), Reader()]
    scrapers = cast(Sequence[Scraper], readers)
    added = Fresh(engine, 1, 2)
    added.offer(scrapers, 0)
    assert readers[0].pages == []
    add(engine, 1, 3, 4, 5, 6, 7)
    add(engine, 2, 8)  # another library's scan goes on meanwhile
    add(engine, 1, 9, missing=True)
    added.offer(scrapers, 5)
    add(engine, 1, 10)
    added.offer(scrapers, 6)
    assert [[file.id for file in page] for page in readers[1].pages] == [[3, 4, 5], [6, 7], [10]]
    assert readers[0].pages == readers[1].pages
    assert readers[0].expected == 6
    assert readers[0].pages[2] == [WantedFile(10, str(Path("/1/a/10.mp3")), "audio/mpeg")]


def test_nothing_is_loaded_for_nobody(engine: sa.Engine) -> None:
    add(engine, 1, 1)
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    Fresh(engine, 1, 0).offer([], 1)
    assert statements == []
