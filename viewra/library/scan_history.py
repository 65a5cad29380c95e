"""The scans of all hosts, running and ended, as they are stored."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.numbers import is_id
from viewra.db.tables import scan_jobs
from viewra.db.transactions import reading
from viewra.errors import NotFound
from viewra.library.listing import paging
from viewra.library.listing.paging import Key
from viewra.types import Page, ScanCause, ScanFailure, ScanStatus


@attrs.frozen
class ScanRecord:
    """One scan. Times are in microseconds since the epoch, ``finished_at`` None while it runs.

    ``counts`` are as in ``ScanCounts``, empty until its end; ``failures`` are the first 1,000, ``error`` is why the
    whole scan failed. ``cause`` is why it began.
    """

    scan_job_id: int
    library_id: int
    path: str
    status: ScanStatus
    started_at: int
    finished_at: int | None
    error: str
    counts: Mapping[str, int]
    cause: ScanCause = ScanCause.ASKED
    failures: tuple[ScanFailure, ...] = ()


def list_scans(engine: sa.Engine, *, after: str | None = None, limit: int = 100) -> Page[ScanRecord]:
    """Return a page of all scans, the last first, without their failures. Raises ``UsageError`` for a bad cursor."""
    with reading(engine) as connection:
        keys = [Key(scan_jobs.c.id, descending=True)]
        return paging.page(connection, sa.select(*_LISTED), keys, _records, after=after, limit=limit)


def get_scan(engine: sa.Engine, scan_job_id: int) -> ScanRecord:
    """Return one scan. Raises ``NotFound``."""
    row = None
    if is_id(scan_job_id):
        with reading(engine) as connection:
            found = connection.execute(sa.select(scan_jobs).where(scan_jobs.c.id == scan_job_id))
            row = found.mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no scan {scan_job_id}", hint="scans are numbered from 1 on")
    failures = tuple(ScanFailure(**one) for one in orjson.loads(row["failures"] or "[]"))
    return attrs.evolve(_record({str(name): value for name, value in row.items()}), failures=failures)


_LISTED = tuple(column for column in scan_jobs.c if column.name not in {"failures", "owner"})
_NAMES = tuple(column.name for column in _LISTED)


def _records(rows: Sequence[Any]) -> list[ScanRecord]:
    return [_record(dict(zip(_NAMES, row, strict=False))) for row in rows]


def _record(row: Mapping[str, Any]) -> ScanRecord:
    counts = {name: int(count) for name, count in orjson.loads(row["counts"] or "{}").items() if str(count).isdecimal()}
    return ScanRecord(
        scan_job_id=row["id"],
        library_id=row["library_id"],
        path=os.fsdecode(row["path"]),
        status=ScanStatus(row["status"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        error=row["error"],
        counts=counts,
        cause=ScanCause(row["cause"]),
    )
