"""Stores what a plugin reported at a start, by the hash of its code, for the next host: texts by name."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.plugin_places import is_plugin, stored_path
from viewra.db.tables import plugin_facts
from viewra.db.transactions import reading, writing


def read_fact(engine: sa.Engine, plugin_id: str, path: str, name: str) -> tuple[str, str] | None:
    """The code hash and text stored under this name; None if absent. Raises ``DatabaseError``."""
    ours = sa.and_(is_plugin(plugin_facts, plugin_id, path), plugin_facts.c.name == name)
    with reading(engine) as connection:
        row = connection.execute(sa.select(plugin_facts.c.code_hash, plugin_facts.c.value).where(ours)).one_or_none()
    return (row.code_hash, row.value) if row is not None else None


def write_fact(engine: sa.Engine, plugin_id: str, path: str, name: str, code_hash: str, value: str) -> None:
    """Store a text under this name, replacing the old one. Raises ``DatabaseError``."""
    ours = is_plugin(plugin_facts, plugin_id, path)
    row = {"name": name, "code_hash": code_hash, "value": value}
    with writing(engine) as connection:
        connection.execute(sa.delete(plugin_facts).where(ours, plugin_facts.c.name == name))
        connection.execute(sa.insert(plugin_facts).values(plugin_id=plugin_id, path=stored_path(path), **row))


def forget_facts(engine: sa.Engine, plugin_id: str) -> None:
    """Forget a plugin's texts at every path, since its settings may change its answers. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(plugin_facts).where(plugin_facts.c.plugin_id == plugin_id))
