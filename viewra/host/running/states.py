"""Defines which state of a plugin may follow which, and by what event; every other change is an error.

``table`` generates the table in ``docs/architecture.md``; the stateful lifecycle tests use it, too.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from viewra.types import PluginState


class Event(enum.StrEnum):
    """An event that changes a plugin's state."""

    READ = "its manifest, its enabling and its quarantine are read"
    START = "a start begins"
    PROVEN = "a process is proven, and serves"
    FAILED = "a start failed"
    CANCELLED = "a start was cancelled, or its migration failed"
    LOST = "a process ended by itself"
    PAUSE = "it is started again after a pause"
    GIVE_UP = "it crashed too often"
    END = "its processes are to end"
    IDLE = "no call came for its idle timeout"
    DISABLE = "an operator disabled it"
    STOP = "an operator or a closing host stopped it"
    LOOKED = "its process was started for its database only"
    LEAVE = "its process is left to the next host"
    UNREACHED = "a process run by hand could not be attached to"
    TOLD = "only the reason changed"


class IllegalTransition(Exception):
    """A change of state that is not in the table."""


_S = PluginState
_AT_REST = (_S.READY, _S.CRASHED, _S.BACKOFF, _S.QUARANTINED, _S.STOPPED)

_ROWS: tuple[tuple[Event, Iterable[PluginState], Iterable[PluginState]], ...] = (
    (Event.READ, (*_AT_REST, _S.INVALID, _S.DISABLED), (_S.INVALID, _S.DISABLED, _S.READY, _S.QUARANTINED)),
    (Event.READ, (_S.DRAINING,), (_S.INVALID,)),
    (Event.START, (*_AT_REST, _S.DRAINING), (_S.STARTING,)),
    (Event.PROVEN, (_S.STARTING, _S.RUNNING, _S.DRAINING, _S.DISABLED, *_AT_REST), (_S.RUNNING,)),
    (Event.FAILED, (_S.STARTING,), (_S.CRASHED,)),
    (Event.CANCELLED, (_S.STARTING,), (_S.STOPPED,)),
    (Event.LOST, (_S.RUNNING,), (_S.CRASHED, _S.RUNNING)),
    (Event.PAUSE, (_S.CRASHED,), (_S.BACKOFF,)),
    (Event.GIVE_UP, (_S.CRASHED,), (_S.QUARANTINED,)),
    (Event.END, (_S.RUNNING,), (_S.DRAINING,)),
    (Event.IDLE, (_S.DRAINING,), (_S.READY,)),
    (Event.DISABLE, (*_AT_REST, _S.DRAINING, _S.DISABLED), (_S.DISABLED,)),
    (Event.STOP, (_S.READY, _S.CRASHED, _S.BACKOFF, _S.STOPPED, _S.DRAINING), (_S.STOPPED,)),
    (Event.LOOKED, (_S.STARTING,), (_S.READY, _S.STOPPED, _S.QUARANTINED)),
    (Event.LEAVE, (_S.RUNNING,), (_S.STOPPED,)),
    (Event.UNREACHED, (*_AT_REST, _S.DRAINING), (_S.CRASHED,)),
    *((Event.TOLD, (state,), (state,)) for state in (*_AT_REST, _S.INVALID, _S.DISABLED, _S.STARTING, _S.RUNNING)),
)

FOLLOWERS: dict[tuple[PluginState, Event], frozenset[PluginState]] = {
    (state, event): frozenset(after)
    for state in _S
    for event in Event
    if (after := [one for row, before, to in _ROWS if row is event and state in before for one in to])
}
"""The states that may follow, by state and event."""

CHANGES = frozenset((state, after) for (state, _), afters in FOLLOWERS.items() for after in afters)
"""Every pair of states of which the second may follow the first by some event."""


def require(state: PluginState, event: Event, after: PluginState) -> None:
    """Raise IllegalTransition for a change that is not in the table."""
    if after not in FOLLOWERS.get((state, event), ()):
        raise IllegalTransition(f"the state {after} cannot follow {state} when {event} ({event.name})")


def table() -> str:
    """The table as Markdown: a row for each event, with the states before it and those after it."""
    lines = ["| event | from | to |", "|---|---|---|"]
    for event in Event:
        follow: dict[tuple[PluginState, ...], list[PluginState]] = {}
        for state in PluginState:
            after = FOLLOWERS.get((state, event))
            if after and event is not Event.TOLD:
                follow.setdefault(tuple(one for one in PluginState if one in after), []).append(state)
        lines += [f"| {event} | {', '.join(before)} | {', '.join(after)} |" for after, before in follow.items()]
    return "\n".join(lines)
