"""Scan jobs: who runs which, and what becomes of those whose host was killed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import orjson
import sqlalchemy as sa

from viewra.db.tables import scan_jobs
from viewra.db.transactions import writing
from viewra.errors import LockedError
from viewra.library import events
from viewra.library.paths import display
from viewra.library.report import Tally
from viewra.types import ScanStatus


def begin(engine: sa.Engine, library_id: int, root: bytes, path: bytes) -> int:
    """Start a job, tell of it, and return its id. Raises ``LockedError`` when this library is being scanned."""
    with writing(engine) as connection:
        fail_interrupted(connection)
        refuse_while_scanned(connection, library_id, display(os.fsdecode(root)))
        row = {
            "library_id": library_id,
            "path": path,
            "owner": _owner(),
            "status": ScanStatus.RUNNING,
            "started_at": time.time_ns() // 1000,
        }
        job_id: int = connection.execute(sa.insert(scan_jobs).values(row).returning(scan_jobs.c.id)).scalar_one()
        events.tell_started(connection, job_id, library_id, root)
    return job_id


def finish(connection: sa.Connection, job_id: int, library_id: int, status: ScanStatus, tally: Tally) -> None:
    """End a job with its figures, and tell of it."""
    failures = [
        {"path": display(failure.path), "plugin": failure.plugin, "error": display(failure.error)}
        for failure in tally.failures
    ]
    stats = tally.stats(status)
    _end(connection, job_id, status, counts=orjson.dumps(stats).decode(), failures=orjson.dumps(failures).decode())
    events.tell_completed(connection, job_id, library_id, stats)


def fail(engine: sa.Engine, job_id: int, library_id: int, error: str) -> None:
    """Mark a job as failed, when what made it fail still lets us write."""
    with writing(engine) as connection:
        _fail(connection, job_id, library_id, error)


def recover(engine: sa.Engine) -> int:
    """Mark the jobs of hosts that were killed as failed; how many there were. Each scan does so too."""
    with writing(engine) as connection:
        return fail_interrupted(connection)


def fail_interrupted(connection: sa.Connection) -> int:
    """As ``recover``, in the caller's transaction."""
    running = sa.select(scan_jobs.c.id, scan_jobs.c.library_id, scan_jobs.c.owner)
    rows = connection.execute(running.where(scan_jobs.c.status == ScanStatus.RUNNING)).all()
    ended = [row for row in rows if not _lives(row.owner)]
    for row in ended:
        _fail(connection, row.id, row.library_id, "interrupted")
    return len(ended)


def refuse_while_scanned(connection: sa.Connection, library_id: int, name: str) -> None:
    """Raise ``LockedError`` when the library is being scanned."""
    running = sa.select(scan_jobs.c.id, scan_jobs.c.owner).where(scan_jobs.c.status == ScanStatus.RUNNING)
    for row in connection.execute(running.where(scan_jobs.c.library_id == library_id)):
        if _lives(row.owner):
            raise LockedError(
                f"{name} is being scanned by process {row.owner.partition(':')[0]} (job {row.id})",
                hint="wait for it to end, or cancel it",
            )


def _fail(connection: sa.Connection, job_id: int, library_id: int, error: str) -> None:
    _end(connection, job_id, ScanStatus.FAILED, error=error)
    events.tell_completed(connection, job_id, library_id, {"status": ScanStatus.FAILED})


def _end(connection: sa.Connection, job_id: int, status: ScanStatus, **values: str) -> None:
    ended = sa.update(scan_jobs).where(scan_jobs.c.id == job_id)
    connection.execute(ended.values(status=status, finished_at=time.time_ns() // 1000, **values))


def _owner() -> str:
    """The thread that scans, so that no other thread of any later process can be taken for it: ids are given again."""
    process, thread = os.getpid(), threading.get_native_id()
    return f"{process}:{thread}:{_started(process, thread)}"


def _lives(owner: str) -> bool:
    """Whether the owner still scans. A job of the asking thread itself does not: that thread is here now."""
    process, thread, started = (int(part) for part in owner.split(":"))
    if (process, thread) == (os.getpid(), threading.get_native_id()):
        return False
    return _started(process, thread) == started


def _started(process: int, thread: int) -> int:
    """When a thread started, in clock ticks since the boot (proc(5), field 22 of stat); 0 when there is none."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{thread}/stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[19])  # the name in parentheses may hold anything
    return 0
