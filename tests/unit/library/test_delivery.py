"""One listener's delivery: when its cursor is saved, how long it waits, and what is left when it ends."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from tests.unit.library.conftest import FakeListener, World
from tests.unit.library.test_set_aside import BatchEars
from viewra import library
from viewra.errors import DatabaseError, PluginFault
from viewra.library import Notifier, delivery, events
from viewra.library.delivery import Delivery
from viewra.library.events import open_cursor
from viewra.library.together import Together
from viewra.types import LibraryEvent, ScanEvent, ScanEventKind


@pytest.fixture
def migrated_url(sqlite_url: str) -> str:
    """With PostgreSQL the claim on the listener comes first; all else is the same."""
    return sqlite_url


def down(event: ScanEvent | LibraryEvent) -> None:
    if event.kind is ScanEventKind.FILE:
        raise PluginFault("ears", "is down")


def deliver(world: World, files: int) -> None:
    """Deliver what a scan with so many new files told before: all of it is pending at once."""
    open_cursor(world.engine, "ears")
    for number in range(files):
        world.put(f"{number}.mp3")
    world.scan()
    notifier = Notifier(world.engine, world.hook)
    notifier.open()
    assert notifier.wait_idle(math.inf)
    notifier.close(20)


@pytest.mark.parametrize(("every", "every_s", "expected"), [(3, 3600.0, [0, 1, 2, 0, 1, 2, 0]), (1_000, 0.0, [0] * 7)])
def test_when_the_cursor_is_saved(
    world: World, monkeypatch: pytest.MonkeyPatch, every: int, every_s: float, expected: list[int]
) -> None:
    """After so many notifications, or after so long: those since come again when the host is killed."""
    monkeypatch.setattr(delivery, "SAVE_EVERY", every)
    monkeypatch.setattr(delivery, "SAVE_EVERY_S", every_s)
    unsaved: list[int] = []

    def behaviour(_: ScanEvent | LibraryEvent) -> None:
        saved = open_cursor(world.engine, "ears").event_id
        unsaved.append(len(unsaved) - saved)

    world.hook.add_listener("ears", behaviour)
    deliver(world, 5)
    assert unsaved == expected


def test_what_was_heard_is_saved_once_nothing_is_pending(
    world: World, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "SAVE_EVERY_S", math.inf)
    world.hook.add_listener("ears")
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    assert open_cursor(world.engine, "ears").event_id == 2, "not only at the end, which may be a kill"


def test_a_cursor_that_cannot_be_saved_ends_the_delivery_after_many_notifications(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError("the database is locked")

    monkeypatch.setattr(events, "save_cursor", refuse)
    monkeypatch.setattr(delivery, "SAVE_EVERY", 1)
    monkeypatch.setattr(delivery, "MOST_UNSAVED", 3)
    ears = world.hook.add_listener("ears")
    deliver(world, 6)
    assert len(ears.heard) == 4, "as many as may come again, and the one with which it gives up"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [error.partition("; ")[2] for error in errors] == [
        "notifications of plugin ears wait",
        "plugin ears will get some notifications twice",
    ]


def plan_attempt(world: World, in_s: int) -> None:
    """Another host has tried the next notification, and planned the second attempt."""
    open_cursor(world.engine, "ears")
    at = time.time_ns() // 1000 + in_s * 1_000_000
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE listener_cursors SET attempts = 1, retry_at = {at}")


def test_an_attempt_waits_until_it_is_due(world: World, notifier: Notifier) -> None:
    ears = world.hook.add_listener("ears")
    plan_attempt(world, 60)
    world.scan(notifier=notifier)
    assert notifier.wait_idle(20), "the listener pauses"
    assert ears.heard == []


def test_an_attempt_that_is_due_is_made_at_once(world: World, notifier: Notifier) -> None:
    ears = world.hook.add_listener("ears")
    plan_attempt(world, -1)
    world.scan(notifier=notifier)
    assert notifier.wait_idle(20)
    assert ears.kinds == ["started", "completed"]


@pytest.mark.usefixtures("quick")
def test_an_attempt_does_not_wait_until_a_clock_that_was_set_back_is_right_again(
    world: World, notifier: Notifier
) -> None:
    ears = world.hook.add_listener("ears")
    plan_attempt(world, 365 * 86_400)
    world.scan(notifier=notifier)
    assert notifier.wait_idle(math.inf)
    assert ears.kinds == ["started", "completed"]


def test_a_failed_attempt_says_when_the_next_one_is(
    world: World, notifier: Notifier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "SAVE_EVERY_S", math.inf)
    world.hook.add_listener("ears", down)
    open_cursor(world.engine, "ears")
    world.put("0.mp3")
    world.scan()
    before_s = time.time()
    notifier.open()
    assert notifier.wait_idle(20)
    (row,) = world.rows("SELECT event_id, attempts, retry_at FROM listener_cursors")
    assert row.event_id == 1, "attempts are those at the next event, so the one before is noted as heard"
    assert before_s < row.retry_at / 1e6 - delivery.PAUSE_S * 2 ** (row.attempts - 1) <= time.time()
    assert caplog.records[0].getMessage().endswith("tried again in 1 s: file of scan 1")


@pytest.mark.usefixtures("quick")
def test_what_fails_again_on_request_stays_set_aside(world: World) -> None:
    tried: list[str] = []

    def behaviour(event: ScanEvent | LibraryEvent) -> None:
        tried.append(str(event.kind))
        down(event)

    world.hook.add_listener("ears", behaviour)
    for number in range(2):
        world.put(f"{number}.mp3")
    for _ in range(2):
        notifier = Notifier(world.engine, world.hook)
        world.scan(notifier=notifier)
        assert notifier.wait_idle(math.inf)
        notifier.close(60)
        tried.clear()
        library.retry_set_aside(world.engine, "ears")
    notifier = Notifier(world.engine, world.hook)
    notifier.open()
    notifier.close(60)
    assert tried == ["file", "file"], "once each"
    state = library.listener_state(world.engine, "ears")
    assert [(one.attempts, one.due) for one in state.set_aside] == [(6, False)] * 2


def delivery_to(world: World, ears: FakeListener) -> Delivery:
    """A delivery of its own, which has begun."""
    return Delivery(world.engine, ears, open_cursor(world.engine, "ears"), Together(world.engine))


@pytest.mark.parametrize("end", [Delivery.stop, Delivery.finish])
def test_one_that_waits_for_notifications_ends_at_once(world: World, end: Callable[[Delivery], None]) -> None:
    open_cursor(world.engine, "ears")
    world.scan()
    made = delivery_to(world, world.hook.add_listener("ears"))
    assert made.idle.wait(20)
    assert made.passed == 2
    end(made)
    made.join(time.monotonic() + 20)
    assert not made.is_alive()


def test_one_that_is_stopped_ends_after_the_notification_in_flight(world: World) -> None:
    made: list[Delivery] = []
    known = threading.Event()

    def behaviour(_: ScanEvent | LibraryEvent) -> None:
        assert known.wait(20)
        made[0].stop()

    ears = world.hook.add_listener("ears", behaviour)
    open_cursor(world.engine, "ears")
    for number in range(3):
        world.put(f"{number}.mp3")
    world.scan()
    made.append(delivery_to(world, ears))
    known.set()
    made[0].join(time.monotonic() + 20)
    assert (made[0].is_alive(), ears.kinds, made[0].passed) == (False, ["started"], 1)
    assert open_cursor(world.engine, "ears").event_id == 1


def test_one_that_is_stopped_ends_after_the_batch_in_flight(world: World) -> None:
    made: list[Delivery] = []
    known = threading.Event()

    class Stopping(BatchEars):
        def deliver_batch(self, events: Sequence[ScanEvent | LibraryEvent]) -> Sequence[str]:
            assert known.wait(20)
            made[0].stop()
            return super().deliver_batch(events)

    ears = Stopping()
    open_cursor(world.engine, "ears")
    for number in range(40):
        world.put(f"{number}.mp3")
    world.scan()
    made.append(delivery_to(world, ears))
    known.set()
    made[0].join(time.monotonic() + 20)
    assert (made[0].is_alive(), len(ears.batches), made[0].passed) == (False, 1, len(ears.heard))
    assert open_cursor(world.engine, "ears").event_id == len(ears.heard) < 42
