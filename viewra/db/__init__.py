"""The host's database: the engine, its tables and schema, and the operator's choices that are no feature's own."""

from __future__ import annotations

from viewra.db.engine import open_database
from viewra.db.failures import database_name
from viewra.db.plugin_pins import StoredPin, read_pin, write_pin
from viewra.db.plugin_settings import StoredSetting, read_settings, write_settings
from viewra.db.plugin_state import enabled_plugins, is_enabled, set_enabled
from viewra.db.schema import current_revision
from viewra.db.tables import REVISION
from viewra.db.transactions import reading, writing

__all__ = [
    "REVISION",
    "StoredPin",
    "StoredSetting",
    "current_revision",
    "database_name",
    "enabled_plugins",
    "is_enabled",
    "open_database",
    "read_pin",
    "read_settings",
    "reading",
    "set_enabled",
    "write_pin",
    "write_settings",
    "writing",
]
