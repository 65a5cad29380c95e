"""Rows of ``file_metadata``: each plugin's outcome for each file, whether metadata, an error or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.bulk import insert_rows
from viewra.db.tables import file_metadata
from viewra.library.merge import Reading
from viewra.library.paths import display
from viewra.text import is_utf8
from viewra.types import FileOutcome
from viewra.types.values import Value

UNREAD = ""
"""The code hash of an outdated row: no plugin has it, so the file is read again."""


@attrs.frozen
class Answer:
    """One plugin's outcome for one file, with the code ``code_hash``; ``values`` is None without metadata."""

    plugin_id: str
    code_hash: str
    read_at: int
    values: Mapping[str, Value] | None

    def reading(self) -> Reading:
        """The outcome as a reading for ``merge``."""
        return Reading(self.plugin_id, self.read_at, self.values or {})


def row_of(file_id: int, answer: Answer, error: str) -> dict[str, object]:
    """The row for an outcome; ``error`` is ``""`` without one."""
    values = answer.values
    return {
        "media_file_id": file_id,
        "plugin_id": answer.plugin_id,
        "code_hash": answer.code_hash,
        "status": "ok" if values is not None else "error" if error else "skipped",
        "error": display(error),
        "data": orjson.dumps(values).decode() if values is not None else None,
        "read_at": answer.read_at,
    }


def storable(outcome: FileOutcome) -> Mapping[str, Value] | None:
    """An outcome's metadata as text that a database accepts: a plugin in this process can return any ``str``."""
    values = outcome.metadata
    if values is None or (all(map(is_utf8, values)) and all(map(_is_utf8, values.values()))):
        return values
    return {
        display(field): display(value) if isinstance(value, str) else [*map(display, value)]
        for field, value in values.items()
    }


def load(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """All outcomes for these files, by file."""
    table = file_metadata.c
    columns = (table.media_file_id, table.plugin_id, table.code_hash, table.read_at, table.data)
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in connection.execute(sa.select(*columns).where(table.media_file_id.in_(list(file_ids)))):
        values = orjson.loads(row.data) if row.data is not None else None
        found[row.media_file_id].append(Answer(row.plugin_id, row.code_hash, row.read_at, values))
    return found


def store(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Store rows, replacing those of the same plugins and files."""
    by_plugin: dict[object, list[object]] = defaultdict(list)
    for row in rows:
        by_plugin[row["plugin_id"]].append(row["media_file_id"])
    for plugin_id, file_ids in by_plugin.items():
        ours = sa.and_(file_metadata.c.plugin_id == plugin_id, file_metadata.c.media_file_id.in_(file_ids))
        connection.execute(sa.delete(file_metadata).where(ours))
    insert_rows(connection, file_metadata, rows)


def mark_unread(connection: sa.Connection, file_ids: Sequence[int] | sa.Select[int]) -> None:
    """Mark these files as unread by every plugin; their metadata counts until then."""
    files = file_metadata.c.media_file_id.in_(file_ids)
    connection.execute(sa.update(file_metadata).where(files).values(code_hash=UNREAD))


def _is_utf8(value: Value) -> bool:
    return is_utf8(value) if isinstance(value, str) else all(map(is_utf8, value))
