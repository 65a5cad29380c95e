"""The host's database: engine, tables, schema and migrations, and the tables of plugins' settings and state.

Public names are imported when first used: a look-up needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewra import lazy

if TYPE_CHECKING:
    from viewra.db.engine import open_database
    from viewra.db.failures import database_name
    from viewra.db.plugin_choices import StoredChoices, read_choices
    from viewra.db.plugin_facts import forget_facts, read_fact, write_fact
    from viewra.db.plugin_lives import Quarantine, read_quarantines, read_services, write_quarantine, write_services
    from viewra.db.plugin_pins import StoredPin, read_pin, write_pin
    from viewra.db.plugin_removals import StoredRemoval, forget_removal, read_removals, write_removal
    from viewra.db.plugin_settings import StoredSetting, read_settings, replace_setting, write_settings
    from viewra.db.plugin_state import enabled_plugins, set_enabled
    from viewra.db.revision import current_revision
    from viewra.db.tables import REVISION
    from viewra.db.transactions import reading, writing

__all__ = [
    "REVISION",
    "Quarantine",
    "StoredChoices",
    "StoredPin",
    "StoredRemoval",
    "StoredSetting",
    "current_revision",
    "database_name",
    "enabled_plugins",
    "forget_facts",
    "forget_removal",
    "open_database",
    "read_choices",
    "read_fact",
    "read_pin",
    "read_quarantines",
    "read_removals",
    "read_services",
    "read_settings",
    "reading",
    "replace_setting",
    "set_enabled",
    "write_fact",
    "write_pin",
    "write_quarantine",
    "write_removal",
    "write_services",
    "write_settings",
    "writing",
]

__getattr__ = lazy.names(
    __name__,
    {
        ".engine": "open_database",
        ".failures": "database_name",
        ".plugin_choices": "StoredChoices read_choices",
        ".plugin_facts": "forget_facts read_fact write_fact",
        ".plugin_lives": "Quarantine read_quarantines read_services write_quarantine write_services",
        ".plugin_pins": "StoredPin read_pin write_pin",
        ".plugin_removals": "StoredRemoval forget_removal read_removals write_removal",
        ".plugin_settings": "StoredSetting read_settings replace_setting write_settings",
        ".plugin_state": "enabled_plugins set_enabled",
        ".revision": "current_revision",
        ".tables": "REVISION",
        ".transactions": "reading writing",
    },
)
