"""Scan jobs: which host runs which job, and the clean-up after hosts that were killed."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import orjson
import sqlalchemy as sa

from viewra.db import postgresql
from viewra.db.failures import translated
from viewra.db.tables import libraries, scan_jobs
from viewra.db.transactions import reading, writing
from viewra.errors import LockedError, UsageError
from viewra.library import events
from viewra.library.owners import is_here, this_thread
from viewra.library.paths import display
from viewra.library.report import Tally
from viewra.library.scope import Part, Scope
from viewra.library.uneventful import prune
from viewra.types import ScanCause, ScanStatus


@contextmanager
def lock(engine: sa.Engine, library_id: int, name: str) -> Iterator[None]:
    """Keep other hosts from scanning a library; call ``begin`` and everything after it inside.

    Only PostgreSQL is shared by several machines. With SQLite, processes of one machine see from a job's owner that it
    runs. Raises ``LockedError`` if the library is being scanned, and ``DatabaseError``.
    """
    if not _has_locks(engine):
        yield
        return
    with translated(engine.url):
        holder = postgresql.take_scan_lock(engine, library_id)
    if holder is None:
        with reading(engine) as connection:
            refuse_while_scanned(connection, library_id, name)
        raise LockedError(f"{name} is being scanned", hint="wait for it to end, or cancel it")
    try:
        yield
    finally:
        postgresql.release_scan_lock(holder)


def begin(engine: sa.Engine, scope: Scope, cause: ScanCause = ScanCause.ASKED) -> int:
    """Start a job, add its event, and return its id. Its path contains all parts of the scope.

    Raises ``LockedError`` if this library is being scanned, ``UsageError`` if it was removed, ``DatabaseError``.
    """
    library_id, root = scope.library_id, scope.root
    with writing(engine) as connection:
        # If a library has a lock, the caller holds it, so any other job that seems to run was killed.
        fail_interrupted(connection, held=library_id if _has_locks(connection) else None)
        refuse_while_scanned(connection, library_id, display(os.fsdecode(root)))
        if connection.execute(sa.select(libraries.c.id).where(libraries.c.id == library_id)).first() is None:
            raise UsageError(f"the library {display(os.fsdecode(root))} was removed meanwhile", hint="scan it again")
        row = {
            "library_id": library_id,
            "path": os.path.commonpath([part.path for part in scope.parts]) if scope.parts else scope.path,
            "owner": this_thread(),
            "status": ScanStatus.RUNNING,
            "started_at": time.time_ns() // 1000,
            "cause": cause,
            "parts": _written(scope.parts) if scope.parts else None,
        }
        job_id: int = connection.execute(sa.insert(scan_jobs).values(row).returning(scan_jobs.c.id)).scalar_one()
        events.tell_started(connection, job_id, library_id, root)
    return job_id


def finish(connection: sa.Connection, job_id: int, library_id: int, status: ScanStatus, tally: Tally) -> None:
    """End a job with its counts, and add its event."""
    failures = [
        {
            "path": display(failure.path),
            "plugin": failure.plugin,
            "error": display(failure.error),
            **({"worker": display(failure.worker)} if failure.worker else {}),
        }
        for failure in tally.failures
    ]
    stats = tally.stats(status)
    _end(connection, job_id, status, counts=orjson.dumps(stats).decode(), failures=orjson.dumps(failures).decode())
    events.tell_completed(connection, job_id, library_id, stats)
    prune(connection, library_id)


def fail(engine: sa.Engine, job_id: int, library_id: int, error: str) -> None:
    """Mark a job as failed, if the database still allows writing."""
    with writing(engine) as connection:
        _fail(connection, job_id, library_id, error)


def recover(engine: sa.Engine) -> int:
    """Mark the jobs of killed hosts as failed; returns how many. Each scan does so too."""
    with writing(engine) as connection:
        return fail_interrupted(connection)


def fail_interrupted(connection: sa.Connection, *, held: int | None = None) -> int:
    """As ``recover``, in the caller's transaction; the caller holds the lock of the library ``held``."""
    ended = interrupted(connection, held=held)
    for row in ended:
        _fail(connection, row.id, row.library_id, "interrupted")
    return len(ended)


def interrupted(connection: sa.Connection, *, held: int | None = None) -> list[sa.Row[int, int, str]]:
    """The jobs that are marked as running but do not run: their ids, libraries and owners."""
    running = sa.select(scan_jobs.c.id, scan_jobs.c.library_id, scan_jobs.c.owner)
    rows = connection.execute(running.where(scan_jobs.c.status == ScanStatus.RUNNING)).all()
    return [row for row in rows if row.library_id == held or not _lives(connection, row)]


def untold_since(connection: sa.Connection, library_id: int, folders: Collection[bytes]) -> int:
    """Return since when files of a library may have been added that nobody was told of.

    A job that was not completed may have left some; the next one of the same folder tells of them. ``folders`` are that
    of the running job and those around it.
    """
    ours = scan_jobs.c.library_id == library_id
    complete = sa.select(sa.func.coalesce(sa.func.max(scan_jobs.c.id), 0)).where(
        ours, scan_jobs.c.status == ScanStatus.COMPLETED, scan_jobs.c.path.in_(folders), scan_jobs.c.parts.is_(None)
    )
    since = sa.select(sa.func.min(scan_jobs.c.started_at)).where(ours, scan_jobs.c.id > complete.scalar_subquery())
    started: int = connection.execute(since).scalar_one()
    return started


def refuse_while_scanned(connection: sa.Connection, library_id: int, name: str) -> None:
    """Raise ``LockedError`` if the library is being scanned."""
    running = sa.select(scan_jobs.c.id, scan_jobs.c.library_id, scan_jobs.c.owner)
    running = running.where(scan_jobs.c.status == ScanStatus.RUNNING, scan_jobs.c.library_id == library_id)
    for row in connection.execute(running).all():
        if _lives(connection, row):
            raise LockedError(
                f"{name} is being scanned by process {row.owner.partition(':')[0]} (job {row.id})",
                hint="wait for it to end, or cancel it",
            )


def is_after_interruption(engine: sa.Engine, library_id: int, job_id: int) -> bool:
    """Whether the scan before this job did not finish, so that its findings are unknown."""
    before = sa.select(scan_jobs.c.status).where(scan_jobs.c.library_id == library_id, scan_jobs.c.id < job_id)
    with reading(engine) as connection:
        status = connection.execute(before.order_by(scan_jobs.c.id.desc()).limit(1)).scalar()
    return status not in {None, ScanStatus.COMPLETED}


def _fail(connection: sa.Connection, job_id: int, library_id: int, error: str) -> None:
    _end(connection, job_id, ScanStatus.FAILED, error=error)
    events.tell_completed(connection, job_id, library_id, {"status": ScanStatus.FAILED})


def _end(connection: sa.Connection, job_id: int, status: ScanStatus, **values: str) -> None:
    ended = sa.update(scan_jobs).where(scan_jobs.c.id == job_id)
    connection.execute(ended.values(status=status, finished_at=time.time_ns() // 1000, **values))


def _written(parts: Sequence[Part]) -> str:
    return orjson.dumps([(part.path.hex(), part.deep) for part in parts]).decode()


def parts_of(text: str | None) -> tuple[Part, ...]:
    """The parts of a library that a job looked at, as they are stored; none: all that is below its path."""
    return tuple(Part(bytes.fromhex(path), deep) for path, deep in orjson.loads(text or "[]"))


def _has_locks(database: sa.Engine | sa.Connection) -> bool:
    return database.dialect.name == "postgresql"


def _lives(connection: sa.Connection, job: sa.Row[int, int, str]) -> bool:
    """Whether a job that is marked as running does run."""
    if _has_locks(connection):
        return postgresql.is_scanned(connection, job.library_id)
    return is_here(job.owner)
