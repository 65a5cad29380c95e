"""Stores the events of scans for listeners, and each listener's cursor.

Events are written in the transactions of the changes that they report; ``viewra/library/notify.py`` delivers them.
Events that every listener has passed are deleted; without listeners, events of files are not written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.bulk import insert_rows, keys_for
from viewra.db.tables import directories, listener_cursors, media_files, scan_events, set_aside_events
from viewra.db.transactions import reading, writing
from viewra.library.paths import join
from viewra.types import LibraryEvent, LibraryEventKind, ScanEvent, ScanEventKind
from viewra.types.values import joined_fields

if TYPE_CHECKING:
    from viewra.library.told import Told, Written

_FATES = frozenset(map(str, LibraryEventKind))

MAX_BACKLOG = 1_000_000
"""How many events are kept for the slowest listener."""

GONE_AFTER_S = 7 * 24 * 3600
"""If hosts share a database: seconds after which a plugin that none of them has counts as gone."""

SEEN_EVERY_S = 3600
"""How often a host records that it has a plugin."""


@attrs.frozen
class Cursor:
    """The last event that a listener has passed, and the number of failed attempts at the next one.

    The next attempt is due at ``retry_at``, in microseconds since the epoch.
    """

    event_id: int
    attempts: int = 0
    retry_at: int = 0


@attrs.frozen
class StoredEvent:
    """One row of ``scan_events``."""

    id: int
    kind: str  # of ScanEventKind or LibraryEventKind
    scan_job_id: int
    library_id: int
    media_file_id: int | None
    path: bytes | None
    payload: str | None
    old_path: bytes | None


def tell_started(connection: sa.Connection, job_id: int, library_id: int, root: bytes) -> None:
    """Add the event that a scan began."""
    row = {"kind": ScanEventKind.STARTED, "scan_job_id": job_id, "library_id": library_id, "path": root}
    connection.execute(sa.insert(scan_events).values(row))


def tell_files(connection: sa.Connection, job_id: int, library_id: int, file_ids: Sequence[int]) -> int:
    """Add events of files, and mark the files as reported. Returns the last event's id, 0 if there are no listeners."""
    newest = 0
    if not file_ids:
        return newest
    if has_listeners(connection):
        common = {"kind": ScanEventKind.FILE, "scan_job_id": job_id, "library_id": library_id}
        insert_rows(connection, scan_events, [{**common, "media_file_id": file_id} for file_id in file_ids])
        newest = connection.execute(sa.select(sa.func.max(scan_events.c.id))).scalar_one()
    told = sa.update(media_files).where(media_files.c.id.in_(keys_for(connection, file_ids)))
    connection.execute(told.values(event_due=False))
    return newest


def tell_completed(connection: sa.Connection, job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
    """Add the event that a scan ended."""
    payload = orjson.dumps(stats).decode()
    row = {"kind": ScanEventKind.COMPLETED, "scan_job_id": job_id, "library_id": library_id, "payload": payload}
    connection.execute(sa.insert(scan_events).values(row))


def has_listeners(connection: sa.Connection) -> bool:
    """Whether there is any listener."""
    there = sa.select(listener_cursors.c.plugin_id).where(~listener_cursors.c.gone)
    return connection.execute(there.limit(1)).first() is not None


def see_listeners(engine: sa.Engine, installed: Collection[str]) -> None:
    """Record which plugins are ``installed``: for one that is gone, no events are kept until it is seen again.

    Hosts that share a database may have different plugins: there a plugin counts as gone when no host has had it for
    long.
    """
    now = time.time_ns() // 1000
    shared = engine.dialect.name == "postgresql"
    with reading(engine) as connection:
        known = connection.execute(sa.select(listener_cursors)).all()
    here = [row.plugin_id for row in known if row.plugin_id in installed and _is_stale(row, now)]
    long_ago = now - GONE_AFTER_S * 1_000_000
    others = [row for row in known if row.plugin_id not in installed and not row.gone]
    gone = [row.plugin_id for row in others if not shared or row.seen_at < long_ago]
    if not here and not gone:
        return
    with writing(engine) as connection:
        seen = sa.update(listener_cursors).where(listener_cursors.c.plugin_id.in_(here))
        connection.execute(seen.values(gone=False, seen_at=now))
        left = sa.update(listener_cursors).where(listener_cursors.c.plugin_id.in_(gone))
        connection.execute(left.values(gone=True))
        prune(connection)


def _is_stale(row: Any, now: int) -> bool:
    return bool(row.gone or now - row.seen_at > SEEN_EVERY_S * 1_000_000)


def open_cursor(engine: sa.Engine, plugin_id: str) -> Cursor:
    """This listener's cursor; a new listener starts at the newest event."""
    table = listener_cursors
    ours = sa.select(table.c.event_id, table.c.attempts, table.c.retry_at).where(table.c.plugin_id == plugin_id)
    with writing(engine) as connection:
        known = connection.execute(ours).one_or_none()
        if known is not None:
            connection.execute(sa.update(table).where(table.c.plugin_id == plugin_id, table.c.gone).values(gone=False))
            return Cursor(*known)
        newest = connection.execute(sa.select(sa.func.coalesce(sa.func.max(scan_events.c.id), 0))).scalar_one()
        row = {"plugin_id": plugin_id, "event_id": newest, "seen_at": time.time_ns() // 1000}
        connection.execute(sa.insert(table).values(row))
        return Cursor(newest)


def save_cursor(engine: sa.Engine, plugin_id: str, event_id: int) -> None:
    """Save a listener's cursor, and delete the events that all listeners have passed.

    It never goes back: hosts that share a database share its listeners, and another host may be further.
    """
    ours = sa.update(listener_cursors).where(
        listener_cursors.c.plugin_id == plugin_id, listener_cursors.c.event_id < event_id
    )
    with writing(engine) as connection:
        connection.execute(ours.values(event_id=event_id, attempts=0, retry_at=0, error=""))
        prune(connection)


def forget_listener(engine: sa.Engine, plugin_id: str) -> None:
    """Delete a listener whose plugin was removed, so that no events are kept for it."""
    with writing(engine) as connection:
        for table in (set_aside_events, listener_cursors):
            connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))
        prune(connection)


def prune(connection: sa.Connection) -> None:
    """Delete the events that every listener has passed, except those set aside; all events if there is no listener.

    At most ``MAX_BACKLOG`` are kept: a listener that is disabled for years loses the oldest.
    """
    slowest = connection.execute(
        sa.select(sa.func.min(listener_cursors.c.event_id)).where(~listener_cursors.c.gone)
    ).scalar()
    delete = sa.delete(scan_events).where(scan_events.c.id.not_in(sa.select(set_aside_events.c.event_id)))
    if slowest is not None:
        newest = connection.execute(sa.select(sa.func.max(scan_events.c.id))).scalar() or 0
        delete = delete.where(scan_events.c.id <= max(slowest, newest - MAX_BACKLOG))
    connection.execute(delete)


def pending(engine: sa.Engine) -> dict[str, int]:
    """The number of pending notifications by listener whose plugin is present; listeners without any are left out."""
    waiting = sa.select(listener_cursors.c.plugin_id, sa.func.count(scan_events.c.id).label("waiting"))
    waiting = waiting.join_from(listener_cursors, scan_events, scan_events.c.id > listener_cursors.c.event_id)
    waiting = waiting.where(~listener_cursors.c.gone)
    with reading(engine) as connection:
        rows = connection.execute(waiting.group_by(listener_cursors.c.plugin_id)).all()
    return {row.plugin_id: row.waiting for row in rows}


def events_after(engine: sa.Engine, event_id: int, limit: int) -> list[StoredEvent]:
    """The next events in order."""
    columns = [scan_events.c[field.name] for field in attrs.fields(StoredEvent)]
    later = sa.select(*columns).where(scan_events.c.id > event_id).order_by(scan_events.c.id).limit(limit)
    with reading(engine) as connection:
        return [StoredEvent(*row) for row in connection.execute(later).all()]


def events_of(
    engine: sa.Engine, page: Sequence[StoredEvent], told: Told | None = None
) -> list[ScanEvent | LibraryEvent | None]:
    """Notifications as they are delivered, with files' paths and metadata of now; None: a file is not there now.

    What ``told`` has kept of files is not loaded.
    """
    wanted = {one.media_file_id: one.id for one in page if one.kind == ScanEventKind.FILE and one.media_file_id}
    files: dict[int, _File] = {}
    if wanted:
        from viewra.library import outcomes  # light start: a look at scan jobs needs none of it
        from viewra.library.merge import pick

        known = told.of(wanted.items()) if told is not None else {}
        for file_id, written in {**known, **_load(engine, wanted.keys() - known)}.items():
            values = joined_fields(pick(outcomes.readings(written.answers), written.orders))
            files[file_id] = _File(os.fsdecode(written.path), values)
    return [_event_of(stored, files) for stored in page]


def _load(engine: sa.Engine, file_ids: Collection[int]) -> dict[int, Written]:
    """What is stored of files, by id; those that are missing or no more are left out."""
    from viewra.library import answers, priorities
    from viewra.library.told import Written

    if not file_ids:
        return {}
    place = sa.select(media_files.c.id, directories.c.path, media_files.c.name)
    place = place.join_from(media_files, directories, media_files.c.directory_id == directories.c.id)
    place = place.where(media_files.c.missing_since.is_(None))
    with reading(engine) as connection:
        rows = connection.execute(place.where(media_files.c.id.in_(keys_for(connection, file_ids)))).all()
        said = answers.load(connection, [row.id for row in rows])
        orders = priorities.load(connection)
    return {row.id: Written(join(row.path, row.name), said.get(row.id, ()), orders) for row in rows}


class _File(NamedTuple):
    """A file as it is told of."""

    path: str
    metadata: dict[str, str]


def _event_of(stored: StoredEvent, files: Mapping[int, _File]) -> ScanEvent | LibraryEvent | None:
    if stored.kind in _FATES:
        return _fate_of(stored)
    kind = ScanEventKind(stored.kind)
    if kind is not ScanEventKind.FILE:
        return ScanEvent(
            kind,
            stored.scan_job_id,
            stored.library_id,
            library_path=os.fsdecode(stored.path or b""),
            stats=orjson.loads(stored.payload) if stored.payload else {},
        )
    file_id = stored.media_file_id or 0
    file = files.get(file_id)
    if file is None:
        return None
    return ScanEvent(
        kind,
        stored.scan_job_id,
        stored.library_id,
        media_file_id=file_id,
        file_path=file.path,
        metadata=file.metadata,
    )


def _fate_of(stored: StoredEvent) -> LibraryEvent:
    return LibraryEvent(
        LibraryEventKind(stored.kind),
        stored.scan_job_id,
        stored.library_id,
        stored.media_file_id or 0,
        os.fsdecode(stored.path or b""),
        os.fsdecode(stored.old_path or b""),
    )
