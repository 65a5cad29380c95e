"""Writes events of known files for listeners: rows of ``scan_events``, beside those of scans."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import scan_events
from viewra.library import events
from viewra.types import LibraryEventKind


@attrs.frozen
class Fate:
    """The change of one known file; ``old_path`` is its previous path if it has another now."""

    kind: LibraryEventKind
    file_id: int
    path: bytes
    old_path: bytes | None = None


def tell(connection: sa.Connection, library_id: int, fates: Sequence[Fate], job_id: int = 0) -> None:
    """Add events of files; ``job_id`` is 0 if no scan caused them."""
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
