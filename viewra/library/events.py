"""The durable list of what scans tell listeners, and how far each listener has come in it.

Events are written in the transactions of what they tell; ``viewra/library/notify.py`` delivers them. What every
listener has passed is deleted; while no listener was ever seen, files are not written down at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import directories, listener_cursors, media_files, scan_events
from viewra.db.transactions import reading, writing
from viewra.library import outcomes, priorities
from viewra.library.merge import merge
from viewra.library.paths import join
from viewra.types import ScanEvent, ScanEventKind
from viewra.types.values import joined


@attrs.frozen
class StoredEvent:
    """One row of ``scan_events``."""

    id: int
    kind: ScanEventKind
    scan_job_id: int
    library_id: int
    media_file_id: int | None
    path: bytes | None
    payload: str | None


def tell_started(connection: sa.Connection, job_id: int, library_id: int, root: bytes) -> None:
    """Tell that a scan began."""
    row = {"kind": ScanEventKind.STARTED, "scan_job_id": job_id, "library_id": library_id, "path": root}
    connection.execute(sa.insert(scan_events).values(row))


def tell_files(connection: sa.Connection, job_id: int, library_id: int, file_ids: Sequence[int]) -> None:
    """Tell of files, and mark them as told."""
    if not file_ids:
        return
    if has_listeners(connection):
        common = {"kind": ScanEventKind.FILE, "scan_job_id": job_id, "library_id": library_id}
        insert_rows(connection, scan_events, [{**common, "media_file_id": file_id} for file_id in file_ids])
    told = sa.update(media_files).where(media_files.c.id.in_(file_ids))
    connection.execute(told.values(event_due=False))


def tell_completed(connection: sa.Connection, job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
    """Tell that a scan ended."""
    payload = orjson.dumps(stats).decode()
    row = {"kind": ScanEventKind.COMPLETED, "scan_job_id": job_id, "library_id": library_id, "payload": payload}
    connection.execute(sa.insert(scan_events).values(row))


def has_listeners(connection: sa.Connection) -> bool:
    """Whether any listener was ever seen."""
    return connection.execute(sa.select(listener_cursors.c.plugin_id).limit(1)).first() is not None


def open_cursor(engine: sa.Engine, plugin_id: str) -> int:
    """The last event that this listener has passed; one never seen before starts at the newest."""
    with writing(engine) as connection:
        known = sa.select(listener_cursors.c.event_id).where(listener_cursors.c.plugin_id == plugin_id)
        cursor: int | None = connection.execute(known).scalar()
        if cursor is None:
            cursor = connection.execute(sa.select(sa.func.coalesce(sa.func.max(scan_events.c.id), 0))).scalar_one()
            connection.execute(sa.insert(listener_cursors).values(plugin_id=plugin_id, event_id=cursor))
        return cursor


def save_cursor(engine: sa.Engine, plugin_id: str, event_id: int, failed: int) -> None:
    """Remember how far a listener is; ``failed`` more notifications were passed over. Deletes what all have passed.

    It never goes back: hosts that share a database share its listeners, and another one may have come further.
    """
    known = listener_cursors.c.event_id
    furthest = sa.case((known > event_id, known), else_=event_id)
    with writing(engine) as connection:
        ours = sa.update(listener_cursors).where(listener_cursors.c.plugin_id == plugin_id)
        connection.execute(ours.values(event_id=furthest, failed=listener_cursors.c.failed + failed))
        prune(connection)


def forget_listener(engine: sa.Engine, plugin_id: str) -> None:
    """Drop a listener that will not come back (its plugin was removed), so that nothing is kept for it."""
    with writing(engine) as connection:
        connection.execute(sa.delete(listener_cursors).where(listener_cursors.c.plugin_id == plugin_id))
        prune(connection)


def prune(connection: sa.Connection) -> None:
    """Delete the events that every listener has passed; all, when there is no listener."""
    slowest = connection.execute(sa.select(sa.func.min(listener_cursors.c.event_id))).scalar()
    delete = sa.delete(scan_events)
    connection.execute(delete if slowest is None else delete.where(scan_events.c.id <= slowest))


def pending(engine: sa.Engine) -> dict[str, int]:
    """How many notifications wait, by listener; those without any are left out."""
    waiting = sa.select(listener_cursors.c.plugin_id, sa.func.count(scan_events.c.id).label("waiting"))
    waiting = waiting.join_from(listener_cursors, scan_events, scan_events.c.id > listener_cursors.c.event_id)
    with reading(engine) as connection:
        rows = connection.execute(waiting.group_by(listener_cursors.c.plugin_id)).all()
    return {row.plugin_id: row.waiting for row in rows}


def events_after(engine: sa.Engine, event_id: int, limit: int) -> list[StoredEvent]:
    """The next events in order."""
    columns = [scan_events.c[field.name] for field in attrs.fields(StoredEvent)]
    later = sa.select(*columns).where(scan_events.c.id > event_id).order_by(scan_events.c.id).limit(limit)
    with reading(engine) as connection:
        return [StoredEvent(*row) for row in connection.execute(later)]


def event_of(engine: sa.Engine, stored: StoredEvent) -> ScanEvent | None:
    """The notification as it is delivered, with a file's path and metadata of now; None: the file is no more."""
    kind = ScanEventKind(stored.kind)
    if kind is not ScanEventKind.FILE:
        return ScanEvent(
            kind,
            stored.scan_job_id,
            stored.library_id,
            library_path=os.fsdecode(stored.path or b""),
            stats=orjson.loads(stored.payload) if stored.payload else {},
        )
    place = sa.select(media_files.c.id, directories.c.path, media_files.c.name)
    place = place.join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    with reading(engine) as connection:
        row = connection.execute(place.where(media_files.c.id == stored.media_file_id)).one_or_none()
        if row is None:
            return None
        answers = outcomes.load(connection, [row.id]).get(row.id, [])
        orders = priorities.load(connection)
    merged = merge((answer.reading() for answer in answers), orders)
    return ScanEvent(
        kind,
        stored.scan_job_id,
        stored.library_id,
        media_file_id=row.id,
        file_path=os.fsdecode(join(row.path, row.name)),
        metadata={field: joined(said.value) for field, said in merged.items()},
    )
