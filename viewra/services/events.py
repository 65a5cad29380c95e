"""Hearing of events, as an author implements it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # light start-up: a plugin makes only the values that it uses
    from viewra.types import Event


@runtime_checkable
class EventService(Protocol):
    """An optional extension: hears of the events that the manifest names (``events:subscribe``), while it runs."""

    def on_event(self, event: Event) -> None:
        """MAY do anything; the next event comes when this one has returned, and too many are dropped meanwhile."""
        ...


@runtime_checkable
class EventBatchService(Protocol):
    """An optional extension: hears of several events at a time, which costs less where there are many."""

    def on_events(self, events: Sequence[Event]) -> None:
        """MAY do anything with the events, which are in order; what it raises is logged, and none of them comes again.

        A host calls it instead of ``on_event``, also for a single event. A plugin with this method needs no other.
        """
        ...


class Together:
    """An ``EventService`` of a plugin that has ``on_events`` alone."""

    def __init__(self, plugin: EventBatchService) -> None:
        self.on_events = plugin.on_events

    def on_event(self, event: Event) -> None:
        """For a host that knows no batches."""
        self.on_events([event])
