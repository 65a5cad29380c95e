"""Stores plugins' messages to the operator, the last ones of each plugin."""

from __future__ import annotations

import sqlalchemy as sa

from viewra.db.hosted_tables import plugin_notices as table
from viewra.db.transactions import reading, writing
from viewra.types import PluginNotice


def add_notice(engine: sa.Engine, plugin_id: str, notice: PluginNotice, keep: int) -> None:
    """Store a message in place of one with the same key, and keep only the last ``keep``. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        if notice.key:
            connection.execute(sa.delete(table).where(_is(plugin_id, notice.key)))
        row = {"level": notice.level, "key": notice.key, "text": notice.text, "at": int(notice.at * 1_000_000)}
        connection.execute(sa.insert(table).values(plugin_id=plugin_id, **row))
        ours = table.c.plugin_id == plugin_id
        last = sa.select(table.c.id).where(ours).order_by(table.c.id.desc()).limit(1).offset(keep)
        if (oldest := connection.scalar(last)) is not None:
            connection.execute(sa.delete(table).where(ours, table.c.id <= oldest))


def withdraw_notice(engine: sa.Engine, plugin_id: str, key: str) -> None:
    """Delete the message with this key, if there is one. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(_is(plugin_id, key)))


def read_notices(engine: sa.Engine, plugin_id: str) -> tuple[PluginNotice, ...]:
    """A plugin's messages, the last one first. Raises ``DatabaseError``."""
    query = sa.select(table).where(table.c.plugin_id == plugin_id).order_by(table.c.id.desc())
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return tuple(PluginNotice(row.level, row.text, row.key, row.at / 1_000_000) for row in rows)


def forget_notices(engine: sa.Engine, plugin_id: str) -> None:
    """Delete all of a plugin's messages. Raises ``DatabaseError``."""
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))


def _is(plugin_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.plugin_id == plugin_id, table.c.key == key)
