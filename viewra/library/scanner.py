"""Runs one scan of a folder: finds its library, holds its lock, and returns the report."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import attrs
import sqlalchemy as sa

from viewra.errors import DatabaseError, ViewraError
from viewra.hookspecs import Hooks
from viewra.library import (
    events,
    jobs,
    libraries,
    relocation,
    unchanged,
)
from viewra.library.engine import Remotely
from viewra.library.interrupt import interrupt_sets
from viewra.library.mime import Declared, MediaTypes
from viewra.library.mounts import Mounts
from viewra.library.notify import Notifier
from viewra.library.paths import display, display_bytes
from viewra.library.report import ScanProgress, Tally
from viewra.library.scan_job import ScanJob
from viewra.library.scan_plan import Entering, PluginsState, make_plan
from viewra.library.scope import Part
from viewra.types import ScanCause, ScanReport


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
    begun: Callable[[int], None] = lambda _job_id: None,
    quick: bool = False,
    plugins: PluginsState = lambda: None,
    parts: Sequence[Part] = (),
    entering: Entering | None = None,
    cause: ScanCause = ScanCause.ASKED,
    remotely: Remotely | None = None,
) -> ScanReport:
    """Scan the folder ``path``: a library, a folder in one, or a new library.

    ``full`` reads every file again; ``retry_failed`` reads only files at which plugins failed before. ``cancel``, which
    Ctrl-C in the main thread also sets, ends the scan early and keeps all metadata read so far; the next scan continues
    from there. ``progress`` is called on this thread, at most 10 times per second, between transactions: while it does
    not return, the scan pauses. ``begun`` is called once, with the job's id. ``notifier`` delivers to listeners
    meanwhile; without it events wait for the next scan with one. ``media_types`` are declared by the manifests of
    enabled plugins: MIME type → extensions. ``quick``: folders whose own mtime is unchanged count as unchanged. With
    ``plugins`` a library is noted as settled by a scan that leaves nothing to do, and the next one looks only whether
    anything has changed. With ``parts`` only these folders are looked at, which are in the library ``path`` or were.
    ``entering`` is called with each folder before it is listed, and ``cause`` is noted with the job. ``remotely`` has
    other processes read the files.

    Raises ``UsageError`` for a path that cannot be scanned, ``ViewraError`` for one that cannot be read,
    ``LockedError`` when the library is being scanned, ``DatabaseError`` when the database fails; the job is then
    marked as failed, if need be by the next scan.
    """
    cancel = cancel or threading.Event()
    with interrupt_sets(cancel):
        if not (full or retry_failed or parts) and (state := plugins()) is not None:
            report = unchanged.scan_unchanged(
                engine, path, state[1], quick=quick, cancel=cancel, entering=entering, cause=cause
            )
            if report is not None:
                begun(report.scan_job_id)
                return report
        if libraries.find(engine, path) is None:
            libraries.check_folder(path)
            relocation.refuse_moved(engine, path)
        scope = attrs.evolve(libraries.locate(engine, path), parts=tuple(parts))
        mounts = Mounts.current()
        libraries.refuse_unmounted(engine, scope, mounts)
        how = {"full": full, "retry_failed": retry_failed, "quick": quick and not full}
        plan = make_plan(engine, scope, mounts, MediaTypes(media_types), **how, entering=entering)
        if notifier is not None:
            notifier.open()
        with jobs.lock(engine, scope.library_id, display_bytes(scope.root)):
            started = time.monotonic()
            job_id = jobs.begin(engine, scope, cause)
            begun(job_id)
            if notifier is not None:
                notifier.wake()
            tally = Tally()
            try:
                work = ScanJob(engine, hook, scope, job_id, tally, cancel, progress, notifier, plugins, remotely)
                status = work.run(plan)
            except Exception as error:
                with contextlib.suppress(DatabaseError):
                    jobs.fail(engine, job_id, scope.library_id, _told(error))
                raise
            finally:
                if notifier is not None:
                    notifier.told.clear()
            return ScanReport(
                scan_job_id=job_id,
                library_id=scope.library_id,
                library_path=os.fsdecode(scope.root),
                status=status,
                counts=tally.counts,
                failures=tuple(tally.failures),
                pending_notifications=events.pending(engine),
                reached=work.reached,
                unread=work.unread,
                new_failed=tally.new_failed,
                still_failed=work.still_failed,
                unwanted=work.unwanted,
                workers=dict(tally.workers),
                stages=work.stages(),
                duration_s=time.monotonic() - started,  # after its stages, which are parts of it
            )


def _told(error: Exception) -> str:
    return display((error.told if isinstance(error, ViewraError) else str(error)) or type(error).__name__)
