"""Notes scans that found nothing to do, of which no listener hears, and forgets the old ones among them."""

from __future__ import annotations

import time

import orjson
import sqlalchemy as sa

from viewra.db.tables import scan_jobs
from viewra.db.transactions import writing
from viewra.library.owners import this_thread
from viewra.library.report import Tally
from viewra.library.scope import Scope
from viewra.types import ScanCause, ScanStatus

CHANGES_KEPT = 20
"""How many of the scans of a library that changes led to are remembered."""


def record(engine: sa.Engine, scope: Scope, started_at: int, tally: Tally, cause: ScanCause = ScanCause.ASKED) -> int:
    """Add a job that is over, of a scan that found nothing to do and that no listener hears of; gives its id."""
    row = {
        "library_id": scope.library_id,
        "path": scope.path,
        "cause": cause,
        "owner": this_thread(),
        "status": ScanStatus.COMPLETED,
        "started_at": started_at,
        "finished_at": time.time_ns() // 1000,
        "counts": orjson.dumps(tally.stats(ScanStatus.COMPLETED)).decode(),
        "failures": "[]",
    }
    with writing(engine) as connection:
        job_id: int = connection.execute(sa.insert(scan_jobs).values(row).returning(scan_jobs.c.id)).scalar_one()
        if cause is ScanCause.CHANGE:
            prune(connection, scope.library_id)
    return job_id


def prune(connection: sa.Connection, library_id: int) -> None:
    """Forget all but the last scans that changes led to, if nothing failed in them: there may be one each second."""
    job = scan_jobs.c
    ours = sa.and_(job.library_id == library_id, job.cause == ScanCause.CHANGE, job.failures == "[]")
    last = sa.select(job.id).where(ours).order_by(job.id.desc()).offset(CHANGES_KEPT).limit(1).scalar_subquery()
    connection.execute(sa.delete(scan_jobs).where(ours, job.id <= last))
