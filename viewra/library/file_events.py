"""Tells what became of known files: listeners by rows of ``scan_events``, beside those of scans, and observers."""

from __future__ import annotations

import os
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from viewra.db.bulk import insert_rows, select_in
from viewra.db.tables import media_files, scan_events
from viewra.library import changes, descriptions, events, redescribing
from viewra.types import LibraryChange, LibraryChangeKind, LibraryEventKind


@attrs.frozen
class Fate:
    """The change of one known file; ``old_path`` is its previous path if it has another now."""

    kind: LibraryEventKind
    file_id: int
    path: bytes
    old_path: bytes | None = None


def tell(
    connection: sa.Connection, library_id: int, fates: Sequence[Fate], job_id: int = 0, *, together: bool = False
) -> set[int]:
    """Tell the fates of files of a library; ``job_id`` is 0 if no scan caused them.

    Videos of which nfo files say something else by that are marked, unless all files have moved ``together``; returns
    their ids. Call it before rows are deleted, and after all other changes of them.
    """
    changes.note(connection, (_change(library_id, fate) for fate in fates))
    described = _follow(connection, fates) if fates and not together else set()
    if not fates or not events.has_listeners(connection):
        return described
    rows = [
        {
            "kind": str(fate.kind),
            "scan_job_id": job_id,
            "library_id": library_id,
            "media_file_id": fate.file_id,
            "path": fate.path,
            "old_path": fate.old_path,
        }
        for fate in fates
    ]
    insert_rows(connection, scan_events, rows)
    return described


def _follow(connection: sa.Connection, fates: Sequence[Fate]) -> set[int]:
    if not descriptions.are_any(connection):
        return set()
    table = media_files.c
    columns = sa.select(table.id, table.mime_type, table.missing_since)
    columns = columns.where(sa.or_(descriptions.IS_NFO, descriptions.IS_VIDEO))
    ids = {fate.file_id for fate in fates}
    rows = {row.id: row for row in select_in(connection, ids, lambda some: columns.where(table.id.in_(some)))}
    left: dict[bytes, str] = {}
    arrived: dict[bytes, str] = {}
    for fate in fates:
        if (row := rows.get(fate.file_id)) is None:
            continue
        if fate.kind in {LibraryEventKind.MOVED, LibraryEventKind.RETURNED}:
            arrived[fate.path] = row.mime_type
        elif fate.kind is LibraryEventKind.MISSING or row.missing_since is None:
            left[fate.path] = row.mime_type
        if fate.kind is LibraryEventKind.MOVED and fate.old_path is not None:
            left[fate.old_path] = row.mime_type
    return redescribing.placed_anew(connection, left, arrived)


def _change(library_id: int, fate: Fate) -> LibraryChange:
    kind, old_path = LibraryChangeKind(fate.kind), os.fsdecode(fate.old_path or b"")
    return LibraryChange(kind, library_id, fate.file_id, os.fsdecode(fate.path), old_path)
