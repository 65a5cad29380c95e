"""Stores which plugins the operator enabled, by id and path, so that another copy of a plugin is not enabled by it."""

from __future__ import annotations

import os
import time

import sqlalchemy as sa

from viewra.db.plugin_places import is_plugin, stored_path
from viewra.db.tables import plugins
from viewra.db.transactions import reading, writing


def enabled_plugins(engine: sa.Engine) -> dict[tuple[str, str], bool]:
    """``(plugin id, path)`` of every plugin seen so far → whether it is enabled."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(plugins.c.plugin_id, plugins.c.path, plugins.c.enabled)).all()
    return {(row.plugin_id, os.fsdecode(row.path)): row.enabled for row in rows}


def set_enabled(engine: sa.Engine, plugin_id: str, path: str, enabled: bool) -> None:
    """Store the operator's choice for the plugin at ``path``."""
    with writing(engine) as connection:
        updated = connection.execute(
            sa.update(plugins).where(is_plugin(plugins, plugin_id, path)).values(enabled=enabled)
        )
        if not updated.rowcount:
            row = {"plugin_id": plugin_id, "path": stored_path(path), "enabled": enabled}
            connection.execute(sa.insert(plugins).values(**row, first_seen=time.time_ns() // 1000))
