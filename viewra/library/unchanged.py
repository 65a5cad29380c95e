"""Scans a library in which nothing has changed, by the signatures of its folders: no row of a file is read.

It is for whole libraries that the last scan left settled. Wherever it is in doubt it gives up, and the scan of
``scanner`` decides.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from viewra.db.tables import (
    directories,
    event_is_due,
    listener_cursors,
    media_files,
    other_paths,
    scan_events,
    scan_jobs,
    set_aside_events,
)
from viewra.db.transactions import reading
from viewra.library import ignored, libraries, library_settings, settled, uneventful
from viewra.library.ignoring import LeftOut
from viewra.library.mime import MediaTypes
from viewra.library.mounts import Mounts
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.library.settled import KnownFolder, Settled
from viewra.library.stages import WALK
from viewra.library.walk import Walk
from viewra.types import LibrarySettings, ScanCause, ScanReport, ScanStage, ScanStatus

if TYPE_CHECKING:  # light start: a scan of an unchanged library makes no plan
    from viewra.library.scan_plan import Entering

SECOND = 1_000_000


class _Before(NamedTuple):
    """What was known before the scan."""

    settled: Settled
    folders: dict[bytes, KnownFolder]


def scan_unchanged(
    engine: sa.Engine,
    path: str,
    plugins: str,
    *,
    quick: bool = False,
    cancel: threading.Event | None = None,
    entering: Entering | None = None,
    cause: ScanCause = ScanCause.ASKED,
) -> ScanReport | None:
    """The report of a scan of the library at ``path``; None if the scan may find something to do.

    ``plugins`` is the present state of all plugins (see ``Settled``). ``quick``: folders whose own times are unchanged
    count as unchanged without a look at their files. ``entering`` and ``cause`` are as in ``scanner.scan``.

    Raises ``DatabaseError``, and ``ViewraError`` for a pattern that cannot be used.
    """
    started = time.monotonic()
    started_at = time.time_ns() // 1000
    scope = libraries.find(engine, path)
    if scope is None or not scope.is_whole:
        return None
    settings = library_settings.load(engine, scope.library_id)
    before = _before(engine, scope, plugins, settings)
    if before is None:
        return None
    tally = Tally()
    if not _is_as_before(scope, settings, before, tally, quick=quick, cancel=cancel, entering=entering):
        return None
    job_id = uneventful.record(engine, scope, started_at, tally, cause)
    duration_s = time.monotonic() - started
    return ScanReport(
        scan_job_id=job_id,
        library_id=scope.library_id,
        library_path=os.fsdecode(scope.root),
        status=ScanStatus.COMPLETED,
        counts=tally.counts,
        duration_s=duration_s,
        stages=[ScanStage(WALK, duration_s, files=tally.counts.seen)],
        still_failed=before.settled.still_failed,
        unwanted=before.settled.unwanted,
    )


def _before(engine: sa.Engine, scope: Scope, plugins: str, settings: LibrarySettings) -> _Before | None:
    with reading(engine) as connection:
        known = settled.load(connection, scope.library_id)
        if known is None or known.plugins != plugins or _is_something_due(connection, scope.library_id, settings):
            return None
        return _Before(known, settled.known_folders(connection, scope.directories()))


def _is_something_due(connection: sa.Connection, library_id: int, settings: LibrarySettings) -> bool:
    """Whether a scan has more to do than to look at the disk."""
    purged = time.time_ns() // 1000 - settings.missing_keep_s * SECOND
    return connection.execute(_due(), {"library": library_id, "purged": purged}).first() is not None


@functools.cache  # making it takes longer than executing it
def _due() -> sa.Select[int]:
    library_id: sa.BindParameter[int] = sa.bindparam("library")
    # With the sum no index of libraries fits, which SQLite would take as long as it has no figures of the tables.
    ours, job, since = media_files.c.library_id + 0 == library_id, scan_jobs.c, media_files.c.missing_since
    last = sa.select(job.status).where(job.library_id == library_id).order_by(job.id.desc()).limit(1).scalar_subquery()
    newest = sa.select(sa.func.max(scan_events.c.id)).scalar_subquery()
    slowest = sa.select(sa.func.min(listener_cursors.c.event_id)).where(~listener_cursors.c.gone).scalar_subquery()
    aside, cursor, folder = set_aside_events.c, listener_cursors.c, directories.c
    has_files = sa.exists().where(media_files.c.directory_id == folder.id, since.is_(None))
    has_links = sa.exists().where(other_paths.c.directory_id == folder.id)
    due = sa.or_(
        sa.exists().where(ours, event_is_due),
        newest > slowest,
        sa.exists().where(aside.due, aside.plugin_id == cursor.plugin_id, ~cursor.gone),
        sa.exists().where(job.status == ScanStatus.RUNNING),
        sa.func.coalesce(last, "") != ScanStatus.COMPLETED,
        # An early doubt about the clock costs a scan; that one deletes, and only what two agree on.
        sa.exists().where(ours, since.is_not(None), since <= sa.bindparam("purged")),
        # A folder with files and no signature would not be missed if it was gone.
        sa.exists().where(folder.library_id == library_id, folder.signature.is_(None), sa.or_(has_files, has_links)),
    )
    return sa.select(sa.literal(1)).where(due)


def _is_as_before(
    scope: Scope,
    settings: LibrarySettings,
    before: _Before,
    tally: Tally,
    *,
    quick: bool,
    cancel: threading.Event | None,
    entering: Entering | None,
) -> bool:
    """Whether all folders with files have the signatures of before, and there is each that had one; counts files."""
    rules = ignored.rules_in(scope, settings)
    if isinstance(rules, LeftOut):
        return False
    media = MediaTypes([before.settled.declared])
    if settled.program_of(media).hex() != before.settled.program:
        return False
    walk = Walk(
        scope.path,
        scope.root,
        lambda name: media.by_name(name) is not None,
        rules,
        settings.follow_links,
        Mounts.current(),
        {path: folder.signature for path, folder in before.folders.items()},
        bytes.fromhex(before.settled.context),
        {path: folder.changed_ns for path, folder in before.folders.items()} if quick else {},
        entering,
    )
    met = files = 0
    for directory in walk:
        if directory.same:
            met += 1
            files += before.folders[directory.path].files
        elif directory.files or directory.unreadable or not directory.complete:
            return False
        if cancel is not None and cancel.is_set():
            return False
    tally.counts.seen = tally.counts.unchanged = files
    return met == len(before.folders) > 0
