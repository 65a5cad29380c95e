"""Notifications that a listener failed to accept: attempts at the next one, and those set aside for the operator."""

from __future__ import annotations

import os
import time
from typing import Any

import attrs
import sqlalchemy as sa

from viewra.db.tables import directories, listener_cursors, media_files, scan_events, set_aside_events
from viewra.db.transactions import reading, writing
from viewra.errors import NotFound
from viewra.library import events
from viewra.library.events import StoredEvent
from viewra.library.paths import display, display_bytes, join


@attrs.frozen
class SetAside:
    """One notification that was set aside after ``attempts`` attempts; ``at`` in microseconds since the epoch.

    ``path`` is the file's or the library's, ``""`` at the end of a scan. ``due``: the next scan delivers it again.
    """

    event: int
    kind: str
    scan_job_id: int
    path: str
    error: str
    attempts: int
    at: int
    due: bool


@attrs.frozen
class ListenerState:
    """One listener's state: ``pending`` notifications are waiting, ``set_aside`` ones could not be delivered.

    ``attempts`` were made at the next one, and the last failed with ``error``; ``installed``: a host had its plugin
    when it last looked.
    """

    plugin_id: str
    pending: int
    attempts: int
    error: str
    installed: bool
    set_aside: tuple[SetAside, ...]


def note_attempt(engine: sa.Engine, plugin_id: str, attempts: int, retry_at: int, error: str) -> None:
    """Store a failed attempt at a listener's next notification, for the host that makes the next attempt."""
    ours = sa.update(listener_cursors).where(listener_cursors.c.plugin_id == plugin_id)
    with writing(engine) as connection:
        connection.execute(ours.values(attempts=attempts, retry_at=retry_at, error=display(error)))


def put(engine: sa.Engine, plugin_id: str, event_id: int, attempts: int, error: str) -> None:
    """Set a notification aside, and move the listener's cursor past it."""
    values = {"error": display(error), "attempts": attempts, "at": time.time_ns() // 1000, "due": False}
    table = set_aside_events
    this = sa.and_(table.c.plugin_id == plugin_id, table.c.event_id == event_id)
    with writing(engine) as connection:
        if not connection.execute(sa.update(table).where(this).values(**values)).rowcount:
            connection.execute(sa.insert(table).values(plugin_id=plugin_id, event_id=event_id, **values))
            ours = sa.update(listener_cursors).where(listener_cursors.c.plugin_id == plugin_id)
            connection.execute(ours.values(failed=listener_cursors.c.failed + 1))


def take_back(engine: sa.Engine, plugin_id: str, event_id: int) -> None:
    """Delete a set-aside notification: it was delivered, or is obsolete."""
    table = set_aside_events
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id, table.c.event_id == event_id))


def due(engine: sa.Engine, plugin_id: str, after: int, limit: int) -> list[StoredEvent]:
    """Notifications whose delivery the operator requested again, in order, after the event ``after``."""
    columns = [scan_events.c[field.name] for field in attrs.fields(StoredEvent)]
    found = sa.select(*columns).join(set_aside_events, set_aside_events.c.event_id == scan_events.c.id)
    found = found.where(set_aside_events.c.plugin_id == plugin_id, set_aside_events.c.due, scan_events.c.id > after)
    with reading(engine) as connection:
        return [StoredEvent(*row) for row in connection.execute(found.order_by(scan_events.c.id).limit(limit))]


def retry_set_aside(engine: sa.Engine, plugin_id: str) -> int:
    """Deliver a listener's set-aside notifications again, and attempt its next one at once. Returns how many."""
    with writing(engine) as connection:
        ours = sa.update(listener_cursors).where(listener_cursors.c.plugin_id == plugin_id)
        connection.execute(ours.values(retry_at=0))
        found = sa.update(set_aside_events).where(set_aside_events.c.plugin_id == plugin_id)
        return connection.execute(found.values(due=True)).rowcount


def drop_set_aside(engine: sa.Engine, plugin_id: str) -> int:
    """Delete a listener's set-aside notifications. Returns how many."""
    with writing(engine) as connection:
        found = sa.delete(set_aside_events).where(set_aside_events.c.plugin_id == plugin_id)
        count = connection.execute(found).rowcount
        events.prune(connection)
        return count


def set_aside_counts(engine: sa.Engine) -> dict[str, int]:
    """The number of set-aside notifications by listener; listeners without any are left out."""
    table = set_aside_events.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(table.plugin_id, sa.func.count()).group_by(table.plugin_id)).all()
    return {row[0]: row[1] for row in rows}


def listener_state(engine: sa.Engine, plugin_id: str) -> ListenerState:
    """A listener's state. Raises ``NotFound`` for a plugin that never was a listener, and ``DatabaseError``."""
    cursor = listener_cursors.c
    with reading(engine) as connection:
        row = connection.execute(sa.select(listener_cursors).where(cursor.plugin_id == plugin_id)).one_or_none()
        if row is None:
            raise NotFound(
                f"plugin {plugin_id!r} is not a listener", hint="a plugin that listens becomes one at its first scan"
            )
        later = sa.select(sa.func.count()).select_from(scan_events).where(scan_events.c.id > row.event_id)
        pending = 0 if row.gone else connection.execute(later).scalar_one()
        found = tuple(_described(one) for one in connection.execute(_set_aside(plugin_id)).all())
    return ListenerState(plugin_id, pending, row.attempts, row.error if row.attempts else "", not row.gone, found)


def _set_aside(plugin_id: str) -> sa.Select[*tuple[Any, ...]]:
    table, event = set_aside_events.c, scan_events.c
    columns = (event.id, event.kind, event.scan_job_id, event.path, table.error, table.attempts, table.at, table.due)
    place = (media_files.c.name, directories.c.path.label("folder"))
    found = sa.select(*columns, *place).join_from(set_aside_events, scan_events, table.event_id == event.id)
    found = found.outerjoin(media_files, media_files.c.id == event.media_file_id)
    found = found.outerjoin(directories, directories.c.id == media_files.c.directory_id)
    return found.where(table.plugin_id == plugin_id).order_by(event.id)


def _described(row: Any) -> SetAside:
    path = display_bytes(join(row.folder, row.name)) if row.name is not None else display(os.fsdecode(row.path or b""))
    return SetAside(row.id, row.kind, row.scan_job_id, path, row.error, row.attempts, row.at, row.due)
