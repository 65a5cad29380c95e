"""Stores metadata that a plugin found about files outside a scan, and has the files be found by it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import media_files
from viewra.db.task_tables import put_metadata as table
from viewra.db.transactions import writing
from viewra.errors import NotFound
from viewra.library import changes, documents, outcomes, priorities, redescribing, stored_fields
from viewra.types import LibraryChangeKind
from viewra.types.values import Value


def put_metadata(
    engine: sa.Engine, plugin_id: str, given: Mapping[int, Mapping[str, Value]], *, priority: Mapping[str, int]
) -> None:
    """Store what a plugin found about files, by their ids, in place of what it had put before.

    Empty: it says nothing of the file any more, so what it has read of it as a scraper is forgotten, too. Else a plugin
    that finds out that it was wrong could take back only half of it.

    ``priority`` is that of its manifest. Listeners of scans are not notified, or one that puts would hear of itself;
    observers of the library are. Raises ``NotFound``, with nothing stored, for a file that is not in the library, and
    ``DatabaseError``.
    """
    priorities.keep_priorities(engine, {plugin_id: dict(priority)})
    ids = sorted(given)
    now = time.time_ns() // 1000
    rows: list[dict[str, object]] = []
    for file_id in ids:
        if values := given[file_id]:
            data, _ = outcomes.written(values)
            rows.append({"media_file_id": file_id, "plugin_id": plugin_id, "data": data, "put_at": now})
    silent = [file_id for file_id in ids if not given[file_id]]
    with writing(engine) as connection:
        _require(connection, ids)
        outcomes.silence(connection, plugin_id, silent)
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id, table.c.media_file_id.in_(ids)))
        insert_rows(connection, table, rows)
        fields = stored_fields.Fields()
        for values in given.values():
            fields.note(values)
        fields.store(connection)
        ids += redescribing.described_by(connection, silent)
        documents.write_again(connection, ids, priorities.load(connection))
        there = sa.and_(media_files.c.id.in_(ids), media_files.c.missing_since.is_(None))
        changes.note_files(connection, LibraryChangeKind.CHANGED, there)


def _require(connection: sa.Connection, ids: Sequence[int]) -> None:
    known = set(connection.scalars(sa.select(media_files.c.id).where(media_files.c.id.in_(ids))))
    if missing := [file_id for file_id in ids if file_id not in known]:
        raise NotFound(f"there is no file with the id {missing[0]}", hint="it may have been purged: look it up again")
