"""Stores the settings that operators made for plugins. The host encrypts and interprets the values."""

from __future__ import annotations

import functools
import time
from collections.abc import Collection, Mapping

import attrs
import sqlalchemy as sa

from viewra.db.tables import plugin_settings
from viewra.db.transactions import reading, writing


@attrs.frozen
class StoredSetting:
    """One stored value: JSON text, or its encrypted form."""

    value: str
    encrypted: bool = False


def read_settings(engine: sa.Engine, plugin_id: str) -> dict[str, StoredSetting]:
    """A plugin's settings by dotted key. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return settings_in(connection, plugin_id)


def settings_in(connection: sa.Connection, plugin_id: str) -> dict[str, StoredSetting]:
    """``read_settings`` within a transaction."""
    rows = connection.execute(_wanted(), {"plugin_id": plugin_id}).all()
    return {row.key: StoredSetting(row.value, row.encrypted) for row in rows} if rows else {}  # as for most plugins


@functools.cache  # making it takes longer than executing it, and each start reads settings
def _wanted() -> sa.Select[str, str, bool]:
    table = plugin_settings
    wanted = sa.select(table.c.key, table.c.value, table.c.encrypted)
    return wanted.where(table.c.plugin_id == sa.bindparam("plugin_id")).order_by(table.c.key)


def replace_setting(engine: sa.Engine, plugin_id: str, key: str, old: StoredSetting, new: StoredSetting) -> None:
    """Store the same value in another form, unless it was changed meanwhile. Raises ``DatabaseError``."""
    table = plugin_settings
    same = (table.c.plugin_id == plugin_id, table.c.key == key, table.c.value == old.value)
    with writing(engine) as connection:
        connection.execute(sa.update(table).where(*same).values(value=new.value, encrypted=new.encrypted))


def write_settings(
    engine: sa.Engine, plugin_id: str, changed: Mapping[str, StoredSetting], unset: Collection[str] = ()
) -> None:
    """Set some values and unset others in one transaction. Raises ``DatabaseError``."""
    table = plugin_settings
    now = time.time_ns() // 1000
    rows = [
        {"plugin_id": plugin_id, "key": key, "value": one.value, "encrypted": one.encrypted, "changed_at": now}
        for key, one in changed.items()
    ]
    gone = [*changed, *unset]
    with writing(engine) as connection:
        connection.execute(sa.delete(table).where(table.c.plugin_id == plugin_id, table.c.key.in_(gone)))
        if rows:
            connection.execute(sa.insert(table), rows)
