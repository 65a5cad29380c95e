"""The plugin's side of events; its mirror image is viewra/adapters/events.py."""

from __future__ import annotations

from viewra.codec.events import ON_EVENT, ON_EVENTS
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import EventService
from viewra.services.events import EventBatchService


def handlers(service: EventService) -> list[Handler]:
    """The procedures that tell the plugin of events; the one for several is optional for the author."""
    found = [handle(ON_EVENT, service.on_event)]
    if isinstance(service, EventBatchService):
        found.append(handle(ON_EVENTS, service.on_events))
    return found
