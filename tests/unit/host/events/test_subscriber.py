"""When a plugin hears of events: while it runs, and what came while it was about to run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from tests.eventually import eventually
from viewra.errors import PluginUnavailable
from viewra.host.events.subscriber import COMING, MOST, TOGETHER, TOGETHER_BYTES, Published, Subscriber
from viewra.host.plugin import Plugin
from viewra.types import Event, PluginState


class FakeHandle:
    """An object in this process, as far as a subscriber asks; the first event named ``a.bad`` finds it gone."""

    found = None
    available = True

    def __init__(self, state: PluginState, *, batches: bool = False) -> None:
        self.state = state
        self.batches = batches
        self.heard: list[str] = []
        self.together: list[list[Event]] = []

    @property
    def events(self) -> FakeHandle:
        return self

    def on_event(self, event: Event) -> None:
        if event.name == "a.bad":
            raise PluginUnavailable("one", "its process is gone", in_call=True)
        self.heard.append(event.name)

    def on_events(self, events: Sequence[Event]) -> None:
        self.together.append([*events])
        if events[0].name == "a.bad":
            raise PluginUnavailable("one", "its process is gone", in_call=True)


def subscriber_of(handle: FakeHandle) -> Subscriber:
    return Subscriber("one", lambda: cast("Mapping[str, Plugin]", {"one": handle}))


@pytest.mark.parametrize("state", sorted(COMING))
def test_events_wait_for_a_plugin_that_will_serve_again(state: PluginState) -> None:
    handle = FakeHandle(state)
    subscriber = subscriber_of(handle)
    for name in ("a.one", "a.bad", "a.two"):
        subscriber.add(Published(name, b"null", "", 0))
    handle.state = PluginState.RUNNING
    subscriber.go_on()
    eventually(lambda: handle.heard == ["a.one", "a.two"])


@pytest.mark.parametrize("state", sorted({*PluginState} - COMING - {PluginState.RUNNING}))
def test_a_plugin_that_ends_hears_of_nothing_that_it_missed(state: PluginState) -> None:
    handle = FakeHandle(PluginState.DRAINING)
    subscriber = subscriber_of(handle)
    subscriber.add(Published("a.missed", b"null", "", 0))
    handle.state = state
    subscriber.go_on()
    handle.state = PluginState.RUNNING
    subscriber.add(Published("a.new", b"null", "", 0))
    eventually(lambda: handle.heard == ["a.new"])


def test_a_plugin_that_takes_several_events_gets_them_together() -> None:
    handle = FakeHandle(PluginState.STARTING, batches=True)
    subscriber = subscriber_of(handle)
    for number in range(MOST + 5):
        subscriber.add(Published(f"a.n{number}", b"%d" % number, "", 0))
    handle.state = PluginState.RUNNING
    subscriber.go_on()
    eventually(lambda: sum(map(len, handle.together)) == MOST)
    assert [event.data for events in handle.together for event in events] == [*range(5, MOST + 5)]
    assert {len(events) for events in handle.together} == {TOGETHER}
    assert [events[0].dropped for events in handle.together] == [5, *[0] * (MOST // TOGETHER - 1)]
    assert handle.heard == []


def test_large_events_come_by_themselves_and_a_batch_that_fails_is_followed_by_others() -> None:
    handle = FakeHandle(PluginState.STARTING, batches=True)
    subscriber = subscriber_of(handle)
    large = b'"%s"' % (b"x" * (TOGETHER_BYTES - 3))
    for name, data in (("a.bad", b"1"), ("a.lost", b"2"), ("a.large", large), ("a.large", large), ("a.last", b"3")):
        subscriber.add(Published(name, data, "", 0))
    handle.state = PluginState.RUNNING
    subscriber.go_on()
    eventually(lambda: sum(map(len, handle.together)) == 5)
    names = [[event.name for event in events] for events in handle.together]
    assert names == [["a.bad", "a.lost"], ["a.large"], ["a.large", "a.last"]]
