"""Notifications that fail: tried again, set aside, delivered again or dropped."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.unit.library.conftest import FakeListener, World
from viewra import library
from viewra.errors import PluginFault, PluginTimeout, PluginUnavailable
from viewra.library import Notifier
from viewra.library.unchanged import scan_unchanged
from viewra.types import LibraryEvent, Result, ScanEvent, ScanEventKind


def fails_at_files(event: ScanEvent | LibraryEvent) -> None:
    if event.kind is ScanEventKind.FILE:
        raise PluginFault("ears", "the remote site is down")


@pytest.mark.usefixtures("quick")
def test_a_failing_notification_is_tried_again_then_set_aside(world: World, notifier: Notifier) -> None:
    tried: list[int] = []

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        tried.append(event.media_file_id)
        fails_at_files(event)

    ears = world.hook.add_listener("ears", behaviour)
    for number in range(3):
        world.put(f"{number}.mp3")
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    notifier.close(60)
    assert ears.kinds == ["started", "completed"]
    assert [tried.count(file_id) for file_id in world.ids().values()] == [5, 5, 5]
    state = library.listener_state(world.engine, "ears")
    assert (state.pending, state.attempts, state.installed) == (0, 0, True)
    assert {(one.kind, one.path, one.error, one.attempts) for one in state.set_aside} == {
        ("file", path, "the remote site is down", 5) for path in world.ids()
    }
    assert library.set_aside_counts(world.engine) == {"ears": 3}
    assert len(world.rows("SELECT * FROM scan_events")) == 3, "what was set aside is kept"


@pytest.mark.usefixtures("quick")
def test_what_was_set_aside_is_delivered_again_when_wanted(world: World) -> None:
    ears = world.hook.add_listener("ears", fails_at_files)
    for number in range(3):
        world.put(f"{number}.mp3")
    deliver_all(world)
    deliver_all(world)
    assert ears.kinds == ["started", "completed"] * 2, "not by itself"
    ears.behaviour = None
    assert library.retry_set_aside(world.engine, "ears") == 3
    deliver_all(world)
    assert sorted(ears.kinds) == ["completed"] * 3 + ["file"] * 3 + ["started"] * 3
    assert library.listener_state(world.engine, "ears").set_aside == ()
    assert world.rows("SELECT * FROM scan_events") == []


@pytest.mark.usefixtures("quick")
def test_what_was_set_aside_can_be_dropped(world: World) -> None:
    world.hook.add_listener("ears", fails_at_files)
    world.put("0.mp3")
    deliver_all(world)
    assert library.drop_set_aside(world.engine, "ears") == 1
    assert library.listener_state(world.engine, "ears").set_aside == ()
    assert world.rows("SELECT * FROM scan_events") == []


class BatchEars(FakeListener):
    """A listener that takes several at once; ``fails`` says why it does not take an event, or raises."""

    def __init__(self, fails: Callable[[ScanEvent | LibraryEvent], str] = lambda _: "") -> None:
        super().__init__("ears", self._alone)
        self.fails = fails
        self.batches: list[int] = []
        self.tried: list[ScanEvent | LibraryEvent] = []

    def _alone(self, event: ScanEvent | LibraryEvent) -> None:
        self.tried.append(event)
        if error := self.fails(event):
            raise PluginFault("ears", error)

    def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
        assert len({type(event) for event in events}) == 1
        self.batches.append(len(events))
        answers: list[str] = []
        for event in events:
            self.tried.append(event)
            answers.append(self.fails(event))
            if answers[-1]:
                break
            self.heard.append(event)
        return answers + ["not asked"] * (len(events) - len(answers))


def hear(world: World, ears: FakeListener, files: int) -> None:
    """Scan so many new files, and then without them."""
    world.hook.listeners.append(Result("ears", ears))
    for number in range(files):
        world.put(f"{number:03}.mp3")
    deliver_all(world)
    shutil.rmtree(world.folder)
    world.folder.mkdir()
    deliver_all(world)


def test_several_notifications_go_with_one_call(world: World) -> None:
    ears = BatchEars()
    hear(world, ears, 120)
    assert ears.kinds == ["started", *["file"] * 120, "completed", "started", *["missing"] * 120, "completed"]
    assert [event.media_file_id for event in ears.heard[1:121]] == sorted(
        event.media_file_id for event in ears.heard[1:121]
    )
    assert max(ears.batches) > 50
    assert len(ears.batches) < 20
    assert world.rows("SELECT * FROM scan_events") == []


@pytest.mark.usefixtures("quick")
def test_one_that_fails_among_several_is_set_aside_alone(world: World) -> None:
    ears = BatchEars(lambda event: "is down" if isinstance(event, ScanEvent) and "/030" in event.file_path else "")
    hear(world, ears, 60)
    assert ears.kinds == ["started", *["file"] * 59, "completed", "started", *["missing"] * 60, "completed"]
    bad = [event for event in ears.tried if isinstance(event, ScanEvent) and "/030" in event.file_path]
    assert len(bad) == 5
    (aside,) = library.listener_state(world.engine, "ears").set_aside
    assert (aside.error, aside.attempts) == ("is down", 5)


@pytest.mark.usefixtures("quick")
def test_one_that_ends_the_plugin_among_several_ends_it_five_times(world: World) -> None:
    """With a sixth end the plugin would be quarantined, and hear nothing more."""

    def fails(event: ScanEvent | LibraryEvent) -> str:
        if isinstance(event, ScanEvent) and "/030" in event.file_path:
            ends.append(event)
            raise PluginUnavailable("ears", "died of it", in_call=True)
        return ""

    ends: list[ScanEvent] = []
    ears = BatchEars(fails)
    hear(world, ears, 60)
    assert len(ends) == 5
    assert len({event.media_file_id for event in ears.scans if event.file_path}) == 59
    assert library.set_aside_counts(world.engine) == {"ears": 1}


def test_a_listener_that_is_slow_with_several_gets_one_at_a_time(world: World) -> None:
    class Slow(BatchEars):
        def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
            self.batches.append(len(events))
            raise PluginTimeout("ears", "no answer in time")

    ears = Slow()
    hear(world, ears, 20)
    assert ears.batches == [2, 2] * 2, "with each host; each time it takes longer until several are tried again"
    assert len(ears.heard) == 44


def deliver_all(world: World, **options: Any) -> None:
    made = Notifier(world.engine, world.hook)
    world.scan(notifier=made, **options)
    assert made.wait_idle(math.inf)
    made.close(60)


def test_attempts_go_on_in_the_next_host(world: World) -> None:
    ears = world.hook.add_listener("ears", fails_at_files)
    world.put("0.mp3")
    for attempts in (1, 2):
        made = Notifier(world.engine, world.hook)
        world.scan(notifier=made)
        assert made.wait_idle(10), "a pause between attempts holds up nobody who has little patience"
        state = library.listener_state(world.engine, "ears")
        assert (state.attempts, state.error) == (attempts, "the remote site is down")
        made.close(60)
        library.retry_set_aside(world.engine, "ears")  # the pause is over
    ears.behaviour = None
    made = Notifier(world.engine, world.hook)
    made.open()
    made.close(60)
    assert ears.kinds == ["started", "file", "completed", "started", "completed"]
    assert library.listener_state(world.engine, "ears").attempts == 0


@pytest.mark.usefixtures("quick")
def test_a_notification_that_ends_the_plugin_is_set_aside_too(world: World, notifier: Notifier) -> None:
    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        if event.kind is ScanEventKind.FILE:
            raise PluginUnavailable("ears", "died of it", in_call=True)

    ears = world.hook.add_listener("ears", behaviour)
    world.put("0.mp3")
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    assert ears.kinds == ["started", "completed"]


@pytest.mark.usefixtures("quick")
def test_a_scan_that_would_find_nothing_delivers_what_is_wanted_again(world: World) -> None:
    ears = world.hook.add_listener("ears", fails_at_files)
    world.put("0.mp3")

    def plugins() -> tuple[str, str]:
        return "same", "same"

    deliver_all(world, plugins=plugins)
    assert scan_unchanged(world.engine, str(world.folder), "same") is not None
    assert library.retry_set_aside(world.engine, "ears") == 1
    assert scan_unchanged(world.engine, str(world.folder), "same") is None
    ears.behaviour = None
    deliver_all(world, plugins=plugins)
    assert ears.kinds.count("file") == 1
    assert scan_unchanged(world.engine, str(world.folder), "same") is not None
