"""Rows of ``file_metadata``: what each plugin made of each file, whether metadata, an error or nothing."""

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
"""The code hash of a row that no longer holds for its file: no plugin has it, so the file is read again."""


@attrs.frozen
class Answer:
    """What one plugin, with the code ``code_hash``, made of one file; ``values`` is None where there is no metadata."""

    plugin_id: str
    code_hash: str
    read_at: int
    values: Mapping[str, Value] | None

    def reading(self) -> Reading:
        """Its part in a file's metadata."""
        return Reading(self.plugin_id, self.read_at, self.values or {})


def row_of(file_id: int, answer: Answer, error: str) -> dict[str, object]:
    """The row that keeps an answer; ``error`` is ``""`` where there is none."""
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
    """The metadata of an outcome as text that a database can hold: a plugin in this process can give any ``str``."""
    values = outcome.metadata
    if values is None or (all(map(is_utf8, values)) and all(map(_is_utf8, values.values()))):
        return values
    return {
        display(field): display(value) if isinstance(value, str) else [*map(display, value)]
        for field, value in values.items()
    }


def load(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """All answers for these files, by file."""
    table = file_metadata.c
    columns = (table.media_file_id, table.plugin_id, table.code_hash, table.read_at, table.data)
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in connection.execute(sa.select(*columns).where(table.media_file_id.in_(list(file_ids)))):
        values = orjson.loads(row.data) if row.data is not None else None
        found[row.media_file_id].append(Answer(row.plugin_id, row.code_hash, row.read_at, values))
    return found


def store(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Keep rows, in place of what the same plugins made of the same files before."""
    by_plugin: dict[object, list[object]] = defaultdict(list)
    for row in rows:
        by_plugin[row["plugin_id"]].append(row["media_file_id"])
    for plugin_id, file_ids in by_plugin.items():
        ours = sa.and_(file_metadata.c.plugin_id == plugin_id, file_metadata.c.media_file_id.in_(file_ids))
        connection.execute(sa.delete(file_metadata).where(ours))
    insert_rows(connection, file_metadata, rows)


def mark_unread(connection: sa.Connection, file_ids: Sequence[int] | sa.Select[int]) -> None:
    """Have these files read again by every plugin; what was read stays in force until then."""
    files = file_metadata.c.media_file_id.in_(file_ids)
    connection.execute(sa.update(file_metadata).where(files).values(code_hash=UNREAD))


def _is_utf8(value: Value) -> bool:
    return is_utf8(value) if isinstance(value, str) else all(map(is_utf8, value))
