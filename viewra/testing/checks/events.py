"""The check suite of plugins that hear of events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from viewra.adapters.events import EventClient
from viewra.errors import NotOffered
from viewra.types import Event


class WithEvents(Protocol):
    """A plugin that hears of events."""

    @property
    def events(self) -> EventClient:
        """Its events."""
        ...


def check_events(plugin: WithEvents, events: Iterable[Event]) -> None:
    """Check that it takes each of these events, and events that it does not know, also where others were dropped.

    A plugin with ``on_events`` gets them alone and together.
    """
    told = [*events, Event("unknown.event"), Event("unknown.event", {"new": ["field"]}, dropped=3)]
    for event in told:
        try:
            plugin.events.on_event(event)
        except NotOffered as error:
            raise AssertionError("the plugin has no method on_event or on_events") from error
        except Exception as error:  # an author reads which event it was
            raise AssertionError(f"the plugin failed at the event {event.name}: {error}") from error
    if plugin.events.batches:
        try:
            plugin.events.on_events(told)
        except Exception as error:  # as above
            raise AssertionError(f"the plugin failed at {len(told)} events together: {error}") from error
