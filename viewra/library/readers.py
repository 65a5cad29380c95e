"""Opens the scrapers of a scan, and finds the types of files that they may have to read."""

from __future__ import annotations

import os

import sqlalchemy as sa

from viewra.db.tables import media_files
from viewra.db.transactions import reading
from viewra.hookspecs import Hooks
from viewra.library.engine import Remotely
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.services import ScraperSession


def open_scrapers(
    hook: Hooks, scope: Scope, tally: Tally, remotely: Remotely | None
) -> tuple[list[ScraperSession], bool]:
    """Return the open sessions, and whether all could be opened; the report names those that could not.

    Raises ViewraError if workers are to read the files and cannot be reached.
    """
    sessions: list[ScraperSession] = []
    all_open = True
    for result in hook.open_scraper():
        if result.error is not None:
            all_open = False
            error = f"{result.error.message}; its files are left to the next scan"
            tally.fail_plugin(os.fsdecode(scope.path), result.plugin_id, error)
        elif result.value is not None:
            sessions.append(result.value)
    if remotely is not None:
        sessions = remotely.sessions(sessions)
        tally.workers = remotely.read
    return sessions, all_open


def known_types(engine: sa.Engine, library_id: int) -> set[str]:
    """Return the MIME types of all files of a library."""
    ours = media_files.c.library_id == library_id
    with reading(engine) as connection:
        return set(connection.execute(sa.select(media_files.c.mime_type).where(ours).distinct()).scalars())
