"""Reads what the operator chose for one plugin and a start goes by, in one transaction."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from viewra.db.plugin_grants import StoredGrant, grants_in
from viewra.db.plugin_pins import StoredPin, pin_in
from viewra.db.plugin_settings import StoredSetting, settings_in
from viewra.db.transactions import reading


@attrs.frozen
class StoredChoices:
    """``settings`` by dotted key, ``grants`` by resource and action, and the ``pin``; None where there is none."""

    settings: dict[str, StoredSetting]
    grants: dict[tuple[str, str], StoredGrant]
    pin: StoredPin | None


def read_choices(engine: sa.Engine, plugin_id: str, path: str) -> StoredChoices:
    """The choices for the plugin at ``path``. Raises ``DatabaseError``."""
    with reading(engine) as connection:
        return StoredChoices(
            settings_in(connection, plugin_id),
            grants_in(connection, plugin_id, path),
            pin_in(connection, plugin_id, path),
        )
