"""Tells what became of known files: listeners by rows of ``scan_events``, beside those of scans, and observers."""

from __future__ import annotations

import os
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import scan_events
from viewra.library import changes, events
from viewra.types import LibraryChange, LibraryChangeKind, LibraryEventKind


@attrs.frozen
class Fate:
    """The change of one known file; ``old_path`` is its previous path if it has another now."""

    kind: LibraryEventKind
    file_id: int
    path: bytes
    old_path: bytes | None = None


def tell(connection: sa.Connection, library_id: int, fates: Sequence[Fate], job_id: int = 0) -> None:
    """Tell the fates of files of a library; ``job_id`` is 0 if no scan caused them."""
    changes.note(connection, (_change(library_id, fate) for fate in fates))
    if not fates or not events.has_listeners(connection):
        return
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


def _change(library_id: int, fate: Fate) -> LibraryChange:
    kind, old_path = LibraryChangeKind(fate.kind), os.fsdecode(fate.old_path or b"")
    return LibraryChange(kind, library_id, fate.file_id, os.fsdecode(fate.path), old_path)
