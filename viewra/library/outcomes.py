"""Rows of ``file_metadata``: each plugin's outcome for each file, whether metadata, an error or nothing.

Beside them is what plugins have put, outside of scans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs
import orjson
import sqlalchemy as sa

from viewra.db.bulk import keys_for, replace_rows
from viewra.db.tables import file_metadata
from viewra.db.task_tables import put_metadata
from viewra.library.merge import Reading
from viewra.library.paths import display
from viewra.types.values import Value

PUT = "put"
"""Stands for a code hash in what a plugin has put: no code has read it from the file."""
UNREAD = ""
"""The code hash of an outdated row: no plugin has it, so the file is read again."""


@attrs.frozen
class Answer:
    """One plugin's outcome for one file, with the code ``code_hash``; ``data`` is metadata as JSON, or None.

    ``stated_in`` is the path of the nfo file that the plugin has read it from, None for the file itself. ``said`` are
    the values of ``data`` where they are at hand.
    """

    plugin_id: str
    code_hash: str
    read_at: int
    data: str | None
    stated_in: bytes | None = None
    said: Mapping[str, Value] | None = attrs.field(default=None, eq=False, repr=False)


def readings(answers: Iterable[Answer]) -> list[Reading]:
    """Return the outcomes with metadata as readings for ``merge``."""
    return [
        Reading(
            answer.plugin_id,
            answer.read_at,
            answer.said if answer.said is not None else orjson.loads(answer.data),
            answer.stated_in,
        )
        for answer in answers
        if answer.data is not None
    ]


def row_of(file_id: int, answer: Answer, error: str) -> dict[str, object]:
    """The row for an outcome; ``error`` is ``""`` without one."""
    return {
        "media_file_id": file_id,
        "plugin_id": answer.plugin_id,
        "code_hash": answer.code_hash,
        "status": "ok" if answer.data is not None else "error" if error else "skipped",
        "error": display(error) if error else "",
        "data": answer.data,
        "read_at": answer.read_at,
    }


def written(values: Mapping[str, Value]) -> tuple[str, Mapping[str, Value]]:
    """Metadata as JSON, in text that a database accepts, and as that says it: a plugin here can return any ``str``."""
    try:
        return orjson.dumps(values).decode(), {**values}
    except TypeError:  # a text that UTF-8 cannot encode
        displayed = {display(field): _displayed(value) for field, value in values.items()}
        return orjson.dumps(displayed).decode(), displayed


def load_put(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """What plugins have put for these files, by file."""
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in connection.execute(
        sa.select(put_metadata).where(put_metadata.c.media_file_id.in_(keys_for(connection, file_ids)))
    ):
        found[row.media_file_id].append(Answer(row.plugin_id, PUT, row.put_at, row.data))
    return found


def load_read(connection: sa.Connection, file_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """All outcomes for these files, by file."""
    table = file_metadata.c
    columns = (table.media_file_id, table.plugin_id, table.code_hash, table.read_at, table.data)
    found: dict[int, list[Answer]] = defaultdict(list)
    of_these = sa.select(*columns).where(table.media_file_id.in_(keys_for(connection, file_ids)))
    for file_id, plugin_id, code_hash, read_at, data in connection.execute(of_these).all():
        found[file_id].append(Answer(plugin_id, code_hash, read_at, data))
    return found


def store(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Store rows, replacing those of the same plugins and files."""
    replace_rows(connection, file_metadata, rows)


def mark_unread(connection: sa.Connection, file_ids: Sequence[int] | sa.Select[int]) -> None:
    """Mark these files as unread by every plugin; their metadata counts until then."""
    files = file_metadata.c.media_file_id.in_(file_ids)
    connection.execute(sa.update(file_metadata).where(files).values(code_hash=UNREAD))


def forget(connection: sa.Connection, file_id: int) -> None:
    """Delete what plugins have read of a file."""
    connection.execute(sa.delete(file_metadata).where(file_metadata.c.media_file_id == file_id))


def silence(connection: sa.Connection, plugin_id: str, file_ids: Sequence[int]) -> None:
    """Have a plugin that has read these files say nothing of them; it reads them again only when they change."""
    this = sa.and_(
        file_metadata.c.plugin_id == plugin_id,
        file_metadata.c.media_file_id.in_(file_ids),
        file_metadata.c.data.is_not(None),
    )
    connection.execute(sa.update(file_metadata).where(this).values(data=None, status="skipped", error=""))


def _displayed(value: Value) -> Value:
    return display(value) if isinstance(value, str) else [*map(display, value)]
