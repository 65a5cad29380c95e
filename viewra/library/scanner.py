"""Runs one scan of a folder: finds its library, holds its lock, and returns the report."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable

import sqlalchemy as sa

from viewra.errors import DatabaseError
from viewra.hookspecs import Hooks
from viewra.library import (
    events,
    jobs,
    libraries,
    relocation,
)
from viewra.library.interrupt import interrupt_sets
from viewra.library.mime import Declared, MediaTypes
from viewra.library.mounts import Mounts
from viewra.library.notify import Notifier
from viewra.library.paths import display, display_bytes
from viewra.library.report import ScanProgress, Tally
from viewra.library.scan_job import ScanJob
from viewra.library.scan_plan import make_plan
from viewra.types import ScanReport


def scan(
    engine: sa.Engine,
    hook: Hooks,
    path: str,
    *,
    full: bool = False,
    retry_failed: bool = False,
    media_types: Iterable[Declared] = (),
    cancel: threading.Event | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    notifier: Notifier | None = None,
) -> ScanReport:
    """Scan the folder ``path``: a library, a folder in one, or a new library.

    ``full`` reads every file again; ``retry_failed`` reads only files at which plugins failed before. ``cancel``, which
    Ctrl-C in the main thread also sets, ends the scan early and keeps all metadata read so far; the next scan continues
    from there. ``progress`` is called on this thread, at most 10 times per second. ``notifier`` delivers to listeners
    meanwhile; without it events wait for the next scan with one. ``media_types`` are declared by the manifests of
    enabled plugins: MIME type → extensions.

    Raises ``UsageError`` for a path that cannot be scanned, ``ViewraError`` for one that cannot be read,
    ``LockedError`` when the library is being scanned, ``DatabaseError`` when the database fails; the job is then
    marked as failed, if need be by the next scan.
    """
    cancel = cancel or threading.Event()
    with interrupt_sets(cancel):
        if libraries.find(engine, path) is None:
            libraries.check_folder(path)
            relocation.refuse_moved(engine, path)
        scope = libraries.locate(engine, path)
        mounts = Mounts.current()
        libraries.refuse_unmounted(engine, scope, mounts)
        plan = make_plan(engine, scope, mounts, MediaTypes(media_types), full=full, retry_failed=retry_failed)
        if notifier is not None:
            notifier.open()
        with jobs.lock(engine, scope.library_id, display_bytes(scope.root)):
            started = time.monotonic()
            job_id = jobs.begin(engine, scope.library_id, scope.root, scope.path)
            if notifier is not None:
                notifier.wake()
            tally = Tally()
            work = ScanJob(engine, hook, scope, job_id, tally, cancel, progress, notifier)
            try:
                status = work.run(plan)
            except Exception as error:
                with contextlib.suppress(DatabaseError):
                    jobs.fail(engine, job_id, scope.library_id, display(str(error) or type(error).__name__))
                raise
            return ScanReport(
                scan_job_id=job_id,
                library_id=scope.library_id,
                library_path=os.fsdecode(scope.root),
                status=status,
                counts=tally.counts,
                duration_s=time.monotonic() - started,
                failures=tuple(tally.failures),
                pending_notifications=events.pending(engine),
                reached=work.reached,
                unread=work.unread,
                new_failed=tally.new_failed,
                still_failed=work.still_failed,
                unwanted=work.unwanted,
            )
