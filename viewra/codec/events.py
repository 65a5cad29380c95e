"""``viewra.v1.EventService``: events that a plugin hears of."""

from __future__ import annotations

import json
from collections.abc import Sequence

from viewra.codec.rpc import InvalidValue, action
from viewra.pb import viewra_pb2 as v1
from viewra.services import EXTENSIONS
from viewra.types import Event

SERVICE = EXTENSIONS["events"].capability


def _message(event: Event) -> v1.Event:
    return v1.Event(
        name=event.name,
        data=b"" if event.data is None else json.dumps(event.data, separators=(",", ":")).encode(),
        source=event.source,
        published_at=event.published_at,
        dropped=event.dropped,
    )


def _event(message: v1.Event) -> tuple[Event]:
    try:
        data = json.loads(message.data) if message.data else None
    except (ValueError, RecursionError) as error:
        raise InvalidValue("data", "is not JSON") from error
    return (Event(message.name, data, message.source, message.published_at, message.dropped),)


def _events(message: v1.OnEventsRequest) -> tuple[list[Event]]:
    return ([event for one in message.events for event in _event(one)],)


def _request(events: Sequence[Event]) -> v1.OnEventsRequest:
    return v1.OnEventsRequest(events=map(_message, events))


ON_EVENT = action(
    SERVICE,
    "/viewra.v1.EventService/OnEvent",
    "on_event",
    v1.Event,
    v1.OnEventResponse,
    _message,
    _event,
)
ON_EVENTS = action(
    SERVICE,
    "/viewra.v1.EventBatchService/OnEvents",
    "on_events",
    v1.OnEventsRequest,
    v1.OnEventsResponse,
    _request,
    _events,
)
