"""Stores which plugins are being removed, so that the next host can finish an interrupted removal."""

from __future__ import annotations

import os

import attrs
import sqlalchemy as sa

from viewra.db.plugin_places import stored_path
from viewra.db.tables import plugin_removals
from viewra.db.transactions import reading, writing

WANTED, FORGOTTEN, HIDDEN = range(3)
"""How far a removal is: recorded; deleted from the database; its folder renamed, so that no host discovers it."""


@attrs.frozen
class StoredRemoval:
    """A plugin that is being removed from ``path``, and its data unless that is kept; ``step`` is the last one done.

    ``path`` is "" when only the data of a plugin is removed that was uninstalled before.
    """

    plugin_id: str
    path: str
    keep_data: bool
    step: int = WANTED


def read_removals(engine: sa.Engine) -> list[StoredRemoval]:
    """All unfinished removals. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(plugin_removals).order_by(plugin_removals.c.plugin_id)).all()
    return [StoredRemoval(row.plugin_id, os.fsdecode(row.path), row.keep_data, row.step) for row in rows]


def write_removal(engine: sa.Engine, removal: StoredRemoval) -> None:
    """Record a removal, replacing an older record of the plugin. Raises ``DatabaseError``."""
    table = plugin_removals
    path = stored_path(removal.path) if removal.path else b""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == removal.plugin_id))
        connection.execute(sa.insert(table).values({**attrs.asdict(removal), "path": path}))


def forget_removal(engine: sa.Engine, plugin_id: str) -> None:
    """Delete the record: the removal is finished, or was refused. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(plugin_removals).where(plugin_removals.c.plugin_id == plugin_id))
