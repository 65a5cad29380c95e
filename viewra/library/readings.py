"""Rows of ``file_metadata``: what each plugin made of each file, whether metadata, an error or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.tables import file_metadata
from viewra.library.merge import Reading
from viewra.library.paths import display
from viewra.types import FileOutcome

UNREAD = ""
"""The code hash of a row that no longer holds for its file: no plugin has it, so the file is read again."""


@attrs.frozen
class Answer:
    """What one plugin, with the code ``code_hash``, made of one file; ``values`` is None where there is no metadata."""

    plugin_id: str
    code_hash: str
    read_at: int
    values: Mapping[str, str] | None

    def reading(self) -> Reading:
        """Its part in a file's metadata."""
        return Reading(self.plugin_id, self.read_at, self.values or {})


def row_of(file_id: int, plugin_id: str, code_hash: str, read_at: int, outcome: FileOutcome) -> dict[str, object]:
    """The row that keeps an outcome."""
    data, status = None, "error" if outcome.error else "skipped"
    if outcome.metadata is not None:
        data, status = _encode(outcome.metadata), "ok"
    return {
        "media_file_id": file_id,
        "plugin_id": plugin_id,
        "code_hash": code_hash,
        "status": status,
        "error": display(outcome.error),
        "data": data,
        "read_at": read_at,
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
    connection.execute(sa.insert(file_metadata), rows)


def mark_unread(connection: sa.Connection, file_ids: Sequence[int] | sa.Select[int]) -> None:
    """Have these files read again by every plugin; what was read stays in force until then."""
    files = file_metadata.c.media_file_id.in_(file_ids)
    connection.execute(sa.update(file_metadata).where(files).values(code_hash=UNREAD))


def _encode(values: Mapping[str, str]) -> str:
    try:
        return orjson.dumps(values).decode()
    except TypeError:  # text that cannot be UTF-8, which only a plugin in this process can give
        return orjson.dumps({display(field): display(value) for field, value in values.items()}).decode()
