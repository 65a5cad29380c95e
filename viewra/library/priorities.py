"""Keeps the operator's orders of plugins and the priorities of manifests, and has what files are found by follow them.

Both apply to all libraries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from viewra.db.priority_tables import field_priorities, manifest_priorities
from viewra.db.tables import file_metadata, media_files
from viewra.db.task_tables import put_metadata
from viewra.db.transactions import reading, writing
from viewra.errors import UsageError
from viewra.library import changes, descriptions, documents
from viewra.library.merge import ALL_FIELDS, Priorities
from viewra.library.unfinished import MARK, UNFINISHED, is_unfinished
from viewra.types import LibraryChangeKind

if TYPE_CHECKING:  # light start: ``viewra show`` opens no session
    from viewra.services import ScraperSession

ROWS_A_TRANSACTION = 500


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
    keep_priorities(engine, {session.plugin_id: dict(session.priority) for session in sessions})


def keep_priorities(engine: sa.Engine, given: Mapping[str, Mapping[str, int]]) -> None:
    """As ``keep_stated``, for priorities by plugin and field."""
    with reading(engine) as connection:  # usually nothing has changed, which needs no write lock
        known = _stated(connection)
    changed = {plugin_id: numbers for plugin_id, numbers in given.items() if numbers != known.get(plugin_id, {})}
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
    if not is_unfinished(engine):  # the rule, which needs no write lock
        return 0
    count = 0
    while True:
        with writing(engine) as connection:
            row = connection.execute(MARK).one_or_none()
            if row is None:
                return count
            after, every = int(row.plugin_id), row.position == 1
            wanted = _files(after) if every else _differing(connection, after)
            ids = connection.execute(wanted.limit(ROWS_A_TRANSACTION)).scalars().all()
            documents.write_again(connection, ids, load(connection))
            there = sa.and_(media_files.c.id.in_(ids), media_files.c.missing_since.is_(None))
            changes.note_files(connection, LibraryChangeKind.CHANGED, there)
            _mark(connection, ids[-1] if ids else None, every=every)
        count += len(ids)


def has_read(engine: sa.Engine, plugin_id: str) -> bool:
    """Whether this plugin has any readings, or has put any metadata."""
    with reading(engine) as connection:
        rows = (sa.select(one.c.plugin_id).where(one.c.plugin_id == plugin_id) for one in (file_metadata, put_metadata))
        return any(connection.execute(one.limit(1)).first() is not None for one in rows)


def load(connection: sa.Connection) -> Priorities:
    """Load the orders and priorities."""
    orders: dict[str, list[str]] = defaultdict(list)
    table = field_priorities.c
    rows = sa.select(table.field, table.plugin_id).where(table.field != UNFINISHED)
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
    unfinished = field_priorities.c.field == UNFINISHED
    whole = sa.select(field_priorities.c.position).where(unfinished, field_priorities.c.position == 1)
    every = every or connection.execute(whole).first() is not None
    connection.execute(sa.delete(field_priorities).where(unfinished))
    if after is not None:
        row = {"field": UNFINISHED, "plugin_id": str(after), "position": int(every)}
        connection.execute(sa.insert(field_priorities).values(row))


def _files(after: int) -> sa.Select[int]:
    return sa.select(media_files.c.id).where(media_files.c.id > after).order_by(media_files.c.id)


def _differing(connection: sa.Connection, after: int) -> sa.Select[int]:
    """The files after ``after`` of which several plugins say something: for others the orders do not matter.

    What nfo files say of videos is stored with the nfo files.
    """
    read = sa.select(file_metadata.c.media_file_id).where(file_metadata.c.data.is_not(None))
    read = read.where(file_metadata.c.media_file_id > after)
    put = sa.select(put_metadata.c.media_file_id).where(put_metadata.c.media_file_id > after)
    every = [read, put]
    if descriptions.are_any(connection):
        every.append(sa.select(media_files.c.id).where(media_files.c.id > after, descriptions.IS_VIDEO))
    said = sa.union_all(*every).subquery()
    several = sa.select(said.c.media_file_id).group_by(said.c.media_file_id).having(sa.func.count() > 1)
    return several.order_by(said.c.media_file_id)
