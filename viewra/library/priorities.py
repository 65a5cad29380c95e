"""Keeps the operator's orders of plugins and the priorities of manifests, and has what files are found by follow them.

Both apply to all libraries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from viewra.db.tables import field_priorities, file_metadata, manifest_priorities, media_files
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.library import documents
from viewra.library.merge import ALL_FIELDS, Priorities
from viewra.services import ScraperSession

ROWS_A_TRANSACTION = 500

_UNFINISHED = ""
"""The field of a row that is no order: documents follow the orders up to the file whose id is in ``plugin_id``.

It comes with a change of the orders, moves with the documents, and goes when all files are done. Its ``position`` is 1
when all files are to be done, as after a migration, and 0 when those that several plugins read are enough.
"""


def list_priorities(engine: sa.Engine) -> dict[str, list[str]]:
    """The orders: field, or ``"*"`` for all → plugin ids, the first one counts most."""
    with reading(engine) as connection:
        return {field: list(order) for field, order in sorted(load(connection).orders.items())}


def set_priority(engine: sa.Engine, field: str, plugin_ids: Sequence[str]) -> int:
    """Set the order of plugins for a field, or for all (``"*"``); empty: remove it. Returns the number indexed.

    The orders apply to all libraries. Raises ``UsageError`` for a field without a name and a plugin named twice, and
    ``DatabaseError``. If this is interrupted, ``finish`` indexes the rest.
    """
    if not field.strip():
        raise UsageError("the field needs a name", hint='write "*" for all fields')
    if len(set(plugin_ids)) != len(plugin_ids):
        raise UsageError("a plugin can have only one place", hint="name each plugin once")
    rows = [
        {"field": field, "plugin_id": plugin_id, "position": position} for position, plugin_id in enumerate(plugin_ids)
    ]
    with writing(engine) as connection:
        connection.execute(sa.delete(field_priorities).where(field_priorities.c.field == field))
        if rows:
            connection.execute(sa.insert(field_priorities), rows)
        if field in (*documents.USED_FIELDS, ALL_FIELDS):
            _mark(connection, 0)
    return finish(engine)


def keep_stated(engine: sa.Engine, sessions: Iterable[ScraperSession]) -> None:
    """Store these plugins' priorities, and index files for which other values count now. Raises ``DatabaseError``.

    Other plugins keep their last priorities, since their readings are kept as well.
    """
    with reading(engine) as connection:  # usually nothing has changed, which needs no write lock
        known = _stated(connection)
    changed = {
        session.plugin_id: dict(session.priority)
        for session in sessions
        if dict(session.priority) != known.get(session.plugin_id, {})
    }
    if not changed:
        finish(engine)  # what a migration or a killed process has left
        return
    with writing(engine) as connection:
        table = manifest_priorities
        connection.execute(sa.delete(table).where(table.c.plugin_id.in_(changed)))
        rows = [
            {"plugin_id": plugin_id, "field": field, "priority": number}
            for plugin_id, numbers in changed.items()
            for field, number in numbers.items()
        ]
        if rows:
            connection.execute(sa.insert(table), rows)
        if any(
            numbers.get(field, 0) != known.get(plugin_id, {}).get(field, 0)
            for plugin_id, numbers in changed.items()
            for field in documents.USED_FIELDS
        ):
            _mark(connection, 0)
    finish(engine)


def finish(engine: sa.Engine) -> int:
    """Index what a change of the orders has left, by this process or one that was killed; how many files it were."""
    columns = field_priorities.c
    unfinished = sa.select(columns.plugin_id, columns.position).where(columns.field == _UNFINISHED)
    with reading(engine) as connection:  # the rule is that there is nothing, which needs no write lock
        if connection.execute(unfinished).first() is None:
            return 0
    count = 0
    while True:
        with writing(engine) as connection:
            row = connection.execute(unfinished).one_or_none()
            if row is None:
                return count
            after, every = int(row.plugin_id), row.position == 1
            wanted = _files(after) if every else _differing(after)
            ids = connection.execute(wanted.limit(ROWS_A_TRANSACTION)).scalars().all()
            documents.write_again(connection, ids, load(connection))
            _mark(connection, ids[-1] if ids else None, every=every)
        count += len(ids)


def has_read(engine: sa.Engine, plugin_id: str) -> bool:
    """Whether this plugin has any readings."""
    with reading(engine) as connection:
        rows = sa.select(file_metadata.c.plugin_id).where(file_metadata.c.plugin_id == plugin_id)
        return connection.execute(rows.limit(1)).first() is not None


def load(connection: sa.Connection) -> Priorities:
    """Load the orders and priorities."""
    orders: dict[str, list[str]] = defaultdict(list)
    table = field_priorities.c
    rows = sa.select(table.field, table.plugin_id).where(table.field != _UNFINISHED)
    for row in connection.execute(rows.order_by(table.field, table.position)):
        orders[row.field].append(row.plugin_id)
    stated: dict[str, dict[str, int]] = defaultdict(dict)
    for plugin_id, numbers in _stated(connection).items():
        for field, number in numbers.items():
            stated[field][plugin_id] = number
    return Priorities(dict(orders), dict(stated))


def _stated(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Each plugin's priorities by its manifest, as the last scan saw it."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    table = manifest_priorities.c
    for row in connection.execute(sa.select(table.plugin_id, table.field, table.priority)):
        found[row.plugin_id][row.field] = row.priority
    return found


def _mark(connection: sa.Connection, after: int | None, *, every: bool = False) -> None:
    """Say up to which file documents follow the orders; None: all do. What is to be done with every file stays so."""
    unfinished = field_priorities.c.field == _UNFINISHED
    whole = sa.select(field_priorities.c.position).where(unfinished, field_priorities.c.position == 1)
    every = every or connection.execute(whole).first() is not None
    connection.execute(sa.delete(field_priorities).where(unfinished))
    if after is not None:
        row = {"field": _UNFINISHED, "plugin_id": str(after), "position": int(every)}
        connection.execute(sa.insert(field_priorities).values(row))


def _files(after: int) -> sa.Select[int]:
    return sa.select(media_files.c.id).where(media_files.c.id > after).order_by(media_files.c.id)


def _differing(after: int) -> sa.Select[int]:
    """The files after ``after`` that several plugins have read: for others the orders do not matter."""
    files = sa.select(file_metadata.c.media_file_id).where(file_metadata.c.data.is_not(None))
    files = files.where(file_metadata.c.media_file_id > after).group_by(file_metadata.c.media_file_id)
    return files.having(sa.func.count() > 1).order_by(file_metadata.c.media_file_id)
