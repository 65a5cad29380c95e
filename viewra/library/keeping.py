"""What must be known of libraries to keep them current, and their schedules."""

from __future__ import annotations

import os
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from viewra.db.tables import libraries, scan_jobs
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.schedules import parse_schedule
from viewra.types import ScanStatus

SECOND = 1_000_000


class Kept(NamedTuple):
    """One library. ``scheduled_from``: when its last scheduled scan began, or the schedule was set, in microseconds.

    ``is_scanned``: a scan of all of it was completed; ``is_doubtful``: its last scan was not.
    """

    id: int
    root: bytes
    watch: bool
    hidden: bool
    schedule: str
    scheduled_from: int
    is_scanned: bool
    is_doubtful: bool

    @property
    def path(self) -> str:
        """Its folder."""
        return os.fsdecode(self.root)

    def next_run(self, now: datetime) -> datetime | None:
        """When it is scanned next by its schedule, which may have passed; None without one. ``now`` has a time zone."""
        if not self.schedule:
            return None
        try:
            schedule = parse_schedule(self.schedule)
        except UsageError:  # stored by a later version
            return None
        last = datetime.fromtimestamp(self.scheduled_from / SECOND, now.tzinfo)
        return schedule.next_after(min(last, now))  # the clock may have been set back


def load(engine: sa.Engine) -> list[Kept]:
    """All libraries. Raises ``DatabaseError``."""
    table, job = libraries.c, scan_jobs.c
    ours = job.library_id == table.id
    whole = sa.exists().where(ours, job.path == table.path, job.parts.is_(None), job.status == ScanStatus.COMPLETED)
    last = sa.select(job.status).where(ours, job.status != ScanStatus.RUNNING).order_by(job.id.desc()).limit(1)
    doubtful = sa.func.coalesce(last.scalar_subquery(), "") != ScanStatus.COMPLETED
    since = sa.func.coalesce(table.scheduled_from, table.created_at)
    columns = (table.id, table.path, table.watch, table.hidden, table.schedule, since, whole, doubtful)
    with reading(engine) as connection:
        rows = connection.execute(sa.select(*columns).order_by(table.id)).all()
    return [Kept(*row) for row in rows]


def claim(engine: sa.Engine, one: Kept, at: datetime) -> bool:
    """Note that a scheduled scan begins now; False if another host does it."""
    return _set(engine, one.id, one.scheduled_from, int(at.timestamp() * SECOND))


def give_back(engine: sa.Engine, one: Kept, at: datetime) -> None:
    """Take a claim back: the scan could not begin."""
    _set(engine, one.id, int(at.timestamp() * SECOND), one.scheduled_from)


def _set(engine: sa.Engine, library_id: int, before: int, after: int) -> bool:
    table = libraries.c
    since = sa.func.coalesce(table.scheduled_from, table.created_at)
    claimed = sa.update(libraries).where(table.id == library_id, since == before).values(scheduled_from=after)
    with writing(engine) as connection:
        return connection.execute(claimed).rowcount == 1
