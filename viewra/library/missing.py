"""Files that scans no longer find: lists them and deletes them from the library."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from viewra.db.tables import directories, media_files, scan_jobs
from viewra.db.transactions import reading, writing
from viewra.library import documents, file_events, jobs, priorities
from viewra.library.libraries import required
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.library.listing.places import are_few, folder_order
from viewra.library.paths import display_bytes, folder_of, is_gone, join
from viewra.library.scope import Scope
from viewra.types import LibraryEventKind, MissingFile, Page, ScanStatus

ROWS_A_TRANSACTION = 500
SECOND = 1_000_000
"""In microseconds, as times are stored."""

_table = media_files.c
_FILES = sa.select(_table.id, _table.library_id, _table.name, _table.missing_since, directories.c.path).join_from(
    media_files, directories, _table.directory_id == directories.c.id
)


def list_missing(
    engine: sa.Engine, path: str | None = None, *, after: str | None = None, limit: int = 100
) -> Page[MissingFile]:
    """A page of the missing files of all libraries, or of those at and below ``path``, by folder and name.

    Raises ``UsageError`` when ``path`` is in no library, for a cursor of another listing and for a limit outside
    1 … 10,000, and ``DatabaseError``.
    """
    is_missing = _table.missing_since.is_not(None)
    select = _FILES.where(is_missing, _within(engine, path))
    with reading(engine) as connection:
        ids = sa.select(_table.id).where(is_missing)
        if are_few(connection, ids):
            select = select.where(_table.id.in_(ids))  # else SQLite looks for them among all files
        keys = [*map(Key, (*folder_order(connection.dialect.name), _table.name, _table.id))]
        return paging.page(connection, select, keys, _missing, after=after, limit=limit)


def _missing(rows: Sequence[Any]) -> list[MissingFile]:
    places = [row[: len(_FILES.selected_columns)] for row in rows]
    return [MissingFile(os.fsdecode(join(folder, name)), number, since) for number, _, name, since, folder in places]


def count_missing(engine: sa.Engine, path: str | None = None, *, missing_for_s: int = 0) -> int:
    """The number of files that ``purge_missing`` would delete."""
    select = sa.select(sa.func.count(_table.id)).join_from(media_files, directories)
    wanted = select.where(_for(missing_for_s), _within(engine, path))
    with reading(engine) as connection:
        count: int = connection.execute(wanted).scalar_one()
    return count


def purge_missing(engine: sa.Engine, path: str | None = None, *, missing_for_s: int = 0) -> int:
    """Delete files, of all libraries or at and below ``path``, that have been missing for so long; returns how many.

    Raises ``UsageError`` when ``path`` is in no library, ``LockedError`` while a library is scanned, ``DatabaseError``.
    """
    wanted = _FILES.where(_for(missing_for_s), _within(engine, path))
    return sum(_purge(engine, wanted, refuse=True))


def list_gone(engine: sa.Engine, path: str) -> list[int]:
    """The ids of the files at and below ``path`` that are not on the disk now, missing or not."""
    gone = []
    for rows in _pages(engine, _FILES.where(_within(engine, path))):
        gone += [row.id for row in rows if is_gone(join(row.path, row.name))]
    return gone


def purge_gone(engine: sa.Engine, path: str) -> int:
    """Delete the files of ``list_gone``, say of a discarded disk; returns how many. Raises as ``purge_missing``."""
    gone = list_gone(engine, path)
    parts = (gone[start : start + ROWS_A_TRANSACTION] for start in range(0, len(gone), ROWS_A_TRANSACTION))
    return sum(count for part in parts for count in _purge(engine, _FILES.where(_table.id.in_(part)), refuse=True))


def purge_due(
    engine: sa.Engine, scope: Scope, job_id: int, keep_s: int, is_protected: Callable[[bytes], bool]
) -> Iterator[int]:
    """Delete a scope's missing files that had been missing for ``keep_s`` seconds at the previous scan already.

    Two scans must agree, so that one wrong clock deletes nothing. Yields the number after each commit.
    """
    with reading(engine) as connection:
        before = connection.execute(
            sa.select(sa.func.max(scan_jobs.c.started_at)).where(
                scan_jobs.c.library_id == scope.library_id,
                scan_jobs.c.status == ScanStatus.COMPLETED,
                scan_jobs.c.id < job_id,
            )
        ).scalar()
    horizon = _now() if keep_s == 0 else min(_now(), before or 0) - keep_s * SECOND
    wanted = _FILES.where(scope.directories(), _table.missing_since <= horizon)
    yield from _purge(engine, wanted, job_id=job_id, is_protected=is_protected)


def time_of_absence(engine: sa.Engine) -> int:
    """The time for files that are missing now: never before existing marks, even if the clock was set back."""
    with reading(engine) as connection:
        latest = connection.execute(sa.select(sa.func.max(scan_jobs.c.started_at))).scalar()
    return max(_now(), latest or 0)


def _purge(
    engine: sa.Engine,
    wanted: sa.Select[Any],
    *,
    job_id: int = 0,
    refuse: bool = False,
    is_protected: Callable[[bytes], bool] = lambda _: False,
) -> Iterator[int]:
    """Delete the selected files, in batches; ``refuse``: raise ``LockedError`` for a library that is scanned."""
    for page in _pages(engine, wanted):
        rows = [row for row in page if not is_protected(row.path)]
        if not rows:
            continue
        with writing(engine) as connection:
            for library_id, path in {row.library_id: row.path for row in rows}.items() if refuse else ():
                jobs.refuse_while_scanned(connection, library_id, display_bytes(path))
            _forget(connection, rows, job_id)
        yield len(rows)


def _forget(connection: sa.Connection, rows: Sequence[Any], job_id: int) -> None:
    described: set[int] = set()
    for library_id in {row.library_id for row in rows}:
        fates = [
            file_events.Fate(LibraryEventKind.PURGED, row.id, join(row.path, row.name))
            for row in rows
            if row.library_id == library_id
        ]
        described |= file_events.tell(connection, library_id, fates, job_id)
    ids = [row.id for row in rows]
    documents.forget(connection, ids)
    connection.execute(sa.delete(media_files).where(_table.id.in_(ids)))
    if described and not job_id:  # no scan ends here that would do it
        documents.write_again(connection, sorted(described), priorities.load(connection))


def _pages(engine: sa.Engine, wanted: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        page = wanted.where(_table.id > after).order_by(_table.id).limit(ROWS_A_TRANSACTION)
        with reading(engine) as connection:
            rows = connection.execute(page).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _for(seconds: int) -> sa.ColumnElement[bool]:
    """The condition that a file has been missing for so long; 0: that it is missing, whatever the clock said then."""
    since = _table.missing_since
    return since <= _now() - seconds * SECOND if seconds else since.is_not(None)


def _within(engine: sa.Engine, path: str | None) -> sa.ColumnElement[bool]:
    """The condition that a file is at or below ``path``."""
    if path is None:
        return sa.true()
    scope = required(engine, path)
    this = sa.and_(directories.c.path == folder_of(scope.path), _table.name == scope.path.rpartition(b"/")[2])
    return sa.or_(scope.directories(), this)


def _now() -> int:
    return time.time_ns() // 1000
