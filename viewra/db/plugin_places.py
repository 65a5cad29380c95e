"""How tables identify a plugin: by its id and the path where the operator put it, symbolic links unresolved."""

from __future__ import annotations

import os

import sqlalchemy as sa


def stored_path(path: str) -> bytes:
    """A path as stored: absolute, with symbolic links kept, since their targets may change."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - bytes


def is_plugin(table: sa.Table, plugin_id: str, path: str) -> sa.ColumnElement[bool]:
    """Whether a row of the table is of this plugin at this path."""
    return sa.and_(table.c.plugin_id == plugin_id, table.c.path == stored_path(path))


def is_named_plugin(table: sa.Table) -> sa.ColumnElement[bool]:
    """As ``is_plugin``, for statements that are made once and executed with ``named``."""
    return sa.and_(table.c.plugin_id == sa.bindparam("plugin_id"), table.c.path == sa.bindparam("path"))


def named(plugin_id: str, path: str) -> dict[str, object]:
    """What a statement is executed with that has ``is_named_plugin``."""
    return {"plugin_id": plugin_id, "path": stored_path(path)}
