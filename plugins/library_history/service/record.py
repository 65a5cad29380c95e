"""Compares what a scan says of a file with what was known of it, and writes down the difference."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from viewra.types import LibraryEvent

from .tables import changed_fields, changes, files

ADDED, MOVED, RETAGGED = "added", "moved", "retagged"
MISSING, RETURNED, PURGED = "missing", "returned", "purged"
_PRESENCE = (MISSING, RETURNED, PURGED)


def record(
    connection: sa.Connection, media_file_id: int, file_path: str, tags: Mapping[str, str], now: int
) -> tuple[str, ...]:
    """Take note of one file at ``now`` (microseconds since the epoch); says what happened to it.

    A file without tags says nothing about its tags: perhaps it could not be read this time.
    """
    path = _text(file_path)
    known = connection.execute(
        sa.select(files.c.path, files.c.tags).where(files.c.media_file_id == media_file_id)
    ).one_or_none()
    text = json.dumps(dict(tags), ensure_ascii=False, sort_keys=True)
    if known is None:
        row = {"media_file_id": media_file_id, "path": path, "first_seen": now, "tags": text}
        connection.execute(sa.insert(files), row)
        return (ADDED,)
    happened = []
    if path != known.path:
        _note(connection, media_file_id, now, MOVED, {"path": (known.path, path)})
        happened.append(MOVED)
    if tags and text != known.tags:
        _note(connection, media_file_id, now, RETAGGED, difference(json.loads(known.tags), tags))
        happened.append(RETAGGED)
    if happened:
        update = sa.update(files).where(files.c.media_file_id == media_file_id)
        connection.execute(update.values(path=path, tags=text if tags else known.tags))
    return tuple(happened)


def record_fate(connection: sa.Connection, event: LibraryEvent, now: int) -> tuple[str, ...]:
    """Take note of what became of a file that is known here; says what happened to it, nothing the second time.

    A file that the plugin has not heard of before, because it was enabled later, has no history to be added to.
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
    """Each field whose value is not the same, with its value before and after; None: it was, or is, not there."""
    fields = sorted({*before, *after})
    return {name: (before.get(name), after.get(name)) for name in fields if before.get(name) != after.get(name)}


def _presence(connection: sa.Connection, file_id: int) -> str | None:
    """What was noted last of whether a file is there; RETURNED for one that was always there."""
    noted = sa.select(changes.c.kind).where(changes.c.media_file_id == file_id, changes.c.kind.in_(_PRESENCE))
    return connection.execute(noted.order_by(changes.c.id.desc()).limit(1)).scalar() or RETURNED


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
