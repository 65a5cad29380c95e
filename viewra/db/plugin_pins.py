"""Stores the digests (SHA-256) to which the operator pinned plugins' code, by id and path."""

from __future__ import annotations

import functools

import attrs
import sqlalchemy as sa

from viewra.db.plugin_places import is_named_plugin, is_plugin, named, stored_path
from viewra.db.tables import plugin_pins
from viewra.db.transactions import reading, writing


@attrs.frozen
class StoredPin:
    """SHA-256 in hexadecimal of the entry point and of the whole directory (empty: not pinned)."""

    entry: str
    tree: str = ""


def read_pin(engine: sa.Engine, plugin_id: str, path: str) -> StoredPin | None:
    """The pin of the plugin at ``path``; None without one. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return pin_in(connection, plugin_id, path)


def pin_in(connection: sa.Connection, plugin_id: str, path: str) -> StoredPin | None:
    """``read_pin`` within a transaction."""
    row = connection.execute(_wanted(), named(plugin_id, path)).one_or_none()
    return StoredPin(row.entry, row.tree) if row is not None else None


@functools.cache  # making it takes longer than executing it, and each start reads pins
def _wanted() -> sa.Select[str, str]:
    return sa.select(plugin_pins.c.entry, plugin_pins.c.tree).where(is_named_plugin(plugin_pins))


def write_pin(engine: sa.Engine, plugin_id: str, path: str, pin: StoredPin | None) -> None:
    """Store a pin, replacing the old one; None removes it. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(plugin_pins).where(is_plugin(plugin_pins, plugin_id, path)))
        if pin is not None:
            row = {"plugin_id": plugin_id, "path": stored_path(path), "entry": pin.entry, "tree": pin.tree}
            connection.execute(sa.insert(plugin_pins).values(row))
