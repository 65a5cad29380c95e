"""Keeps the operator's orders of plugins, for all libraries alike, and has the search index follow them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from viewra.db.tables import field_priorities, file_metadata
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.library import documents
from viewra.library.merge import ALL_FIELDS, Priorities
from viewra.library.query import TEXT_FIELDS

ROWS_A_TRANSACTION = 500


def list_priorities(engine: sa.Engine) -> dict[str, list[str]]:
    """The orders: field, or ``"*"`` for all of them → plugin ids, whose word counts most first."""
    with reading(engine) as connection:
        return {field: list(order) for field, order in sorted(load(connection).orders.items())}


def set_priority(engine: sa.Engine, field: str, plugin_ids: Sequence[str]) -> int:
    """Set whose word counts for a field, or for all (``"*"``); none: drop the order. How many files were indexed anew.

    The orders hold for all libraries. Raises ``UsageError`` for a field without a name and a plugin named twice, and
    ``DatabaseError``. Interrupted, it leaves files whose search follows the old order; ``viewra fsck`` finds them.
    """
    if not field.strip():
        raise UsageError("the field needs a name", hint='write "*" for all fields')
    if len(set(plugin_ids)) != len(plugin_ids):
        raise UsageError("a plugin can have one place only", hint="name each once")
    rows = [
        {"field": field, "plugin_id": plugin_id, "position": position} for position, plugin_id in enumerate(plugin_ids)
    ]
    with writing(engine) as connection:
        connection.execute(sa.delete(field_priorities).where(field_priorities.c.field == field))
        if rows:
            connection.execute(sa.insert(field_priorities), rows)
    return _index_again(engine) if field in (*TEXT_FIELDS, ALL_FIELDS) else 0


def has_read(engine: sa.Engine, plugin_id: str) -> bool:
    """Whether anything that this plugin said of files is known."""
    with reading(engine) as connection:
        rows = sa.select(file_metadata.c.plugin_id).where(file_metadata.c.plugin_id == plugin_id)
        return connection.execute(rows.limit(1)).first() is not None


def load(connection: sa.Connection) -> Priorities:
    """The orders of now."""
    orders: dict[str, list[str]] = defaultdict(list)
    table = field_priorities.c
    for row in connection.execute(sa.select(table.field, table.plugin_id).order_by(table.field, table.position)):
        orders[row.field].append(row.plugin_id)
    return Priorities(dict(orders))


def _index_again(engine: sa.Engine) -> int:
    """Index the files of which several plugins said something: for others no order changes anything."""
    files = sa.select(file_metadata.c.media_file_id).where(file_metadata.c.data.is_not(None))
    files = files.group_by(file_metadata.c.media_file_id).having(sa.func.count() > 1)
    after = count = 0
    while True:
        page = files.where(file_metadata.c.media_file_id > after).order_by(file_metadata.c.media_file_id)
        with writing(engine) as connection:
            ids = connection.execute(page.limit(ROWS_A_TRANSACTION)).scalars().all()
            if not ids:
                return count
            documents.index_again(connection, ids, load(connection))
        after = ids[-1]
        count += len(ids)
