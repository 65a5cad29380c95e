"""How the tables name a plugin: by its id, and by the path where the operator put it, with the links on the way."""

from __future__ import annotations

import os

import sqlalchemy as sa


def stored_path(path: str) -> bytes:
    """A path as it is stored: absolute; links are kept, since what they lead to may change."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - bytes


def is_plugin(table: sa.Table, plugin_id: str, path: str) -> sa.ColumnElement[bool]:
    """Whether a row of the table is of this plugin at this path."""
    return sa.and_(table.c.plugin_id == plugin_id, table.c.path == stored_path(path))
