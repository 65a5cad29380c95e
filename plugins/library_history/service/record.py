"""Compares a file's notification with its stored state, and stores the differences."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from viewra.types import LibraryEvent, ScanEvent

from .tables import changed_fields, changes, files

ADDED, MOVED, RETAGGED = "added", "moved", "retagged"
MISSING, RETURNED, PURGED = "missing", "returned", "purged"
_PRESENCE = (MISSING, RETURNED, PURGED)


def record(
    connection: sa.Connection, media_file_id: int, file_path: str, tags: Mapping[str, str], now: int
) -> tuple[str, ...]:
    """Record one file at ``now`` (microseconds since the epoch); returns what happened to it.

    A file without tags keeps its stored tags, because it may have been unreadable this time.
    """
    path = _text(file_path)
    known = connection.execute(
        sa.select(files.c.path, files.c.tags).where(files.c.media_file_id == media_file_id)
    ).one_or_none()
    text = _tags(tags)
    if known is None:
        connection.execute(sa.insert(files), _new(media_file_id, path, text, now))
        return (ADDED,)
    happened = []
    if path != known.path:
        _note(connection, media_file_id, now, MOVED, {"path": (known.path, path)})
        happened.append(MOVED)
    if tags and text != known.tags and (changed := difference(orjson.loads(known.tags), tags)):
        _note(connection, media_file_id, now, RETAGGED, changed)
        happened.append(RETAGGED)
    if happened:
        update = sa.update(files).where(files.c.media_file_id == media_file_id)
        connection.execute(update.values(path=path, tags=text if tags else known.tags))
    return tuple(happened)


def record_all(connection: sa.Connection, events: Sequence[ScanEvent], now: int) -> list[str]:
    """Record several notifications of files, in order; those of files without a history cost one statement together."""
    ids = {event.media_file_id for event in events}
    known = set(connection.execute(sa.select(files.c.media_file_id).where(files.c.media_file_id.in_(ids))).scalars())
    new = {event.media_file_id: event for event in reversed(events) if event.media_file_id not in known}
    if new:
        rows = [_new(file_id, _text(event.file_path), _tags(event.metadata), now) for file_id, event in new.items()]
        connection.execute(sa.insert(files), rows)
    firsts = set(map(id, new.values()))
    happened = [ADDED] * len(new)
    for event in events:
        if id(event) not in firsts:
            happened += record(connection, event.media_file_id, event.file_path, event.metadata, now)
    return happened


def record_fate(connection: sa.Connection, event: LibraryEvent, now: int) -> tuple[str, ...]:
    """Record what happened to a known file, and return it; returns nothing for a repeated notification.

    Ignores a file without a history, which was added before the plugin was enabled.
    """
    path = _text(event.path)
    file_id = event.media_file_id
    known = connection.execute(sa.select(files.c.path).where(files.c.media_file_id == file_id)).one_or_none()
    if known is None:
        return ()
    happened = []
    kind = str(event.kind)
    if kind in _PRESENCE and _presence(connection, file_id) != kind:
        _note(connection, file_id, now, kind, {"path": (None, path) if kind == RETURNED else (path, None)})
        happened.append(kind)
    if kind in {MOVED, RETURNED} and path != known.path:
        _note(connection, file_id, now, MOVED, {"path": (known.path, path)})
        connection.execute(sa.update(files).where(files.c.media_file_id == file_id).values(path=path))
        happened.append(MOVED)
    return tuple(happened)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """The fields whose value differs, with the value before and after; None: the field is absent."""
    fields = sorted({*before, *after})
    return {name: (before.get(name), after.get(name)) for name in fields if before.get(name) != after.get(name)}


def _presence(connection: sa.Connection, file_id: int) -> str | None:
    """The last recorded presence of a file; RETURNED if none was recorded."""
    noted = sa.select(changes.c.kind).where(changes.c.media_file_id == file_id, changes.c.kind.in_(_PRESENCE))
    return connection.execute(noted.order_by(changes.c.id.desc()).limit(1)).scalar() or RETURNED


def _new(media_file_id: int, path: str, tags: str, now: int) -> dict[str, object]:
    return {"media_file_id": media_file_id, "path": path, "first_seen": now, "tags": tags}


def _tags(tags: Mapping[str, str]) -> str:
    return orjson.dumps(dict(tags), option=orjson.OPT_SORT_KEYS).decode()


def _text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _note(
    connection: sa.Connection,
    media_file_id: int,
    now: int,
    kind: str,
    fields: Mapping[str, tuple[str | None, str | None]],
) -> None:
    row = {"media_file_id": media_file_id, "at": now, "kind": kind}
    key: Any = connection.execute(sa.insert(changes).values(row)).inserted_primary_key  # one row: it has one
    (change_id,) = key
    rows = [
        {"change_id": change_id, "field": name, "before": before, "after": after}
        for name, (before, after) in fields.items()
    ]
    connection.execute(sa.insert(changed_fields), rows)
