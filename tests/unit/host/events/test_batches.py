"""A plugin that hears of several events at a time, in this process and over loopback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from viewra.sdk import Plugin
from viewra.testing import PluginUnderTest, check_events, in_process, loopback
from viewra.types import Event

Run = Callable[[Plugin], AbstractContextManager[PluginUnderTest]]


class Together(Plugin):
    """Has ``on_events`` alone."""

    def __init__(self) -> None:
        self.heard: list[list[Event]] = []

    def on_events(self, events: Sequence[Event]) -> None:
        self.heard.append([*events])
        if any(event.name == "a.bad" for event in events):
            raise RuntimeError("not this one")


class Single(Plugin):
    """Has ``on_event`` alone."""

    def on_event(self, event: Event) -> None: ...


@pytest.mark.parametrize("run", [in_process, loopback])
def test_on_events_suffices(run: Run) -> None:
    plugin = Together()
    with run(plugin) as under_test:
        assert under_test.events.batches
        check_events(under_test, [Event("a.b", [1])])
        names = [[event.name for event in events] for events in plugin.heard]
        assert names == [["a.b"], ["unknown.event"], ["unknown.event"], ["a.b", "unknown.event", "unknown.event"]]
        assert plugin.heard[-1][0] == Event("a.b", [1])
        with pytest.raises(AssertionError, match=r"failed at the event a\.bad: .*not this one"):
            check_events(under_test, [Event("a.bad")])


@pytest.mark.parametrize("run", [in_process, loopback])
def test_single_events_are_enough_too(run: Run) -> None:
    with run(Single()) as under_test:
        assert not under_test.events.batches
        check_events(under_test, [])
    with run(Plugin()) as under_test, pytest.raises(AssertionError, match="no method on_event or on_events"):
        check_events(under_test, [])
