"""The host's side of events; its mirror image is viewra/sdk/servicers/events.py.

No hook leads here: who is told of an event depends on its name.
"""

from __future__ import annotations

from collections.abc import Sequence

from viewra.adapters._endpoint import Endpoint
from viewra.codec.events import ON_EVENT, ON_EVENTS
from viewra.types import Event


class EventClient:
    """One plugin's ``EventService``."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def available(self) -> bool:
        """Whether the plugin is known to offer it; False before its first start."""
        return self._endpoint.serves(ON_EVENT)

    @property
    def batches(self) -> bool:
        """Whether the plugin is known to take several events at a time."""
        return self._endpoint.serves(ON_EVENTS)

    def on_events(self, events: Sequence[Event]) -> None:
        """Tell it of several events with one call, in order. Raises a PluginError, NotOffered without ``batches``."""
        self._endpoint.call(ON_EVENTS, events)

    def on_event(self, event: Event) -> None:
        """Tell it of an event; starts the plugin if need be. Raises a PluginError."""
        self._endpoint.call(ON_EVENT, event)
