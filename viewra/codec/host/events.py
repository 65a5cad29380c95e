"""``self.host.events``: news that a plugin publishes to other plugins."""

from __future__ import annotations

from typing import Any

from viewra.codec import checks
from viewra.codec.host.json_data import json_data
from viewra.codec.host.method import HostMethod
from viewra.codec.rpc import InvalidValue
from viewra.events import MAX_NAME, is_name
from viewra.text import shown


def event_name(value: object, field: str) -> str:
    """The name of an event; raises InvalidValue."""
    name = checks.text(checks.required(value, field), field)
    if not is_name(name):
        raise InvalidValue(
            field, f"must be words with dots, such as lyrics.found, of at most {MAX_NAME} characters, not {shown(name)}"
        )
    return name


PUBLISH: HostMethod[Any] = HostMethod("events.publish", {"name": event_name, "data": json_data}, needs_rights=True)
EVENTS = (PUBLISH,)
